"""What `example` over another tree has otherwise than over the built-in manifests; see over.sh."""

import sys
import tempfile
from pathlib import Path

import compare
import overlays
import render


def objects_over(tree):
    """The objects of `example` over a tree, by kind, namespace and name without hash."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch).resolve()
        overlays.lay_out(scratch, tree)
        directory = overlays.example_for(tree).parent.relative_to(render.ROOT)
        found = render.parse(render.printed(overlays.KFM, directory, scratch))
    return {f"{o['kind']} {render.namespace_of(o)}/{compare.plain(render.name_of(o))}".replace(" /", " "): o for o in found}


def images(objects):
    return {c["image"] for o in objects.values() for c in render.containers(render.pod_of(o) or {})}


def listed(title, names):
    print(f"{title}: {len(names)}")
    for name in sorted(names):
        print(f"  {name}")


def main():
    ours, theirs = objects_over(render.ROOT / "manifests"), objects_over(Path(sys.argv[1]))
    print(f"example: {len(theirs)} objects over {sys.argv[1]}, {len(ours)} over the built-in manifests")
    listed("objects only over the tree", theirs.keys() - ours.keys())
    listed("objects only over the built-in manifests", ours.keys() - theirs.keys())
    listed("images only over the tree", images(theirs) - images(ours))
    listed("images only over the built-in manifests", images(ours) - images(theirs))


if __name__ == "__main__":
    main()
