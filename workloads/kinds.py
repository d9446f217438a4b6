"""own copy until the floor branch is merged"""

ENGINES = {"transformers": "workloads.engines.transformers_engine:open_engine"}
