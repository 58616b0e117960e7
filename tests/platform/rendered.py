"""Reads the output of a build and gives what a pod of it would be started with: command, environment, mounted files."""

import base64
from pathlib import Path

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Stream:
    """The objects of an output."""

    def __init__(self, path):
        self.objects = [thing for thing in yaml.load_all(Path(path).read_text(), LOADER) if thing]

    def all(self, *kinds):
        return [thing for thing in self.objects if thing["kind"] in kinds]

    def get(self, kind, namespace, name):
        for thing in self.all(kind):
            if (thing["metadata"].get("namespace"), thing["metadata"]["name"]) == (namespace, name):
                return thing
        raise KeyError(f"no {kind} {namespace}/{name}")

    def data(self, kind, namespace, name):
        """All keys of a ConfigMap or a Secret, as strings."""
        thing = self.get(kind, namespace, name)
        found = dict(thing.get("stringData") or {})
        for key, value in (thing.get("data") or {}).items():
            found.setdefault(key, base64.b64decode(value).decode() if kind == "Secret" else value)
        return found

    def environment(self, namespace, container):
        values = {}
        for source in container.get("envFrom", []):
            kind = "ConfigMap" if "configMapRef" in source else "Secret"
            reference = source.get("configMapRef") or source["secretRef"]
            for key, value in self.data(kind, namespace, reference["name"]).items():
                values[source.get("prefix", "") + key] = value
        for entry in container.get("env", []):
            source = entry.get("valueFrom", {})
            if "value" in entry:
                values[entry["name"]] = entry["value"]
            for kind, field in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
                if field in source:
                    values[entry["name"]] = self.data(kind, namespace, source[field]["name"])[source[field]["key"]]
            if source.get("fieldRef", {}).get("fieldPath") == "metadata.namespace":
                values[entry["name"]] = namespace
        return values

    def mounts(self, namespace, spec, container, directory):
        """Writes the mounted ConfigMaps and Secrets below a directory: {mount path: path}."""
        volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}
        found = {}
        for mount in container.get("volumeMounts", []):
            volume = volumes.get(mount["name"], {})
            for kind, field, key in (("ConfigMap", "configMap", "name"), ("Secret", "secret", "secretName")):
                if field not in volume:
                    continue
                data = self.data(kind, namespace, volume[field][key])
                if volume[field].get("items"):
                    data = {item["path"]: data[item["key"]] for item in volume[field]["items"]}
                target = Path(directory, mount["mountPath"].lstrip("/"))
                if "subPath" in mount:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_text(data[mount["subPath"]])
                else:
                    target.mkdir(parents=True, exist_ok=True)
                    for name, text in data.items():
                        (target / name).write_text(text)
                found[mount["mountPath"]] = str(target)
        return found

    def container(self, namespace, deployment, directory, name=None):
        """A container of a Deployment, by default the first: command, arguments with variables filled in, environment, mounted files."""
        spec = self.get("Deployment", namespace, deployment)["spec"]["template"]["spec"]
        container = next(c for c in spec["containers"] if name in (None, c["name"]))
        values = self.environment(namespace, container)

        def expand(text):
            for key, value in values.items():
                text = text.replace(f"$({key})", value)
            return text

        return {
            "command": [expand(word) for word in container.get("command", [])],
            "args": [expand(word) for word in container.get("args", [])],
            "env": values,
            "mounts": self.mounts(namespace, spec, container, directory),
            "account": spec.get("serviceAccountName", "default"),
        }
