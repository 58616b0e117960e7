import os
image = os.environ.get("WORKER_IMAGE", "ghcr.io/example/worker")
tag = os.environ.get("WORKER_TAG") or os.environ["APP_VERSION"]
