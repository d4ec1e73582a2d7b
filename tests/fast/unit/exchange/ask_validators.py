"""Run by the environment of tests/validators.txt: what the formats' own validators say, as one JSON object.

python ask_validators.py RESULTS.json PACKAGE_FOLDER SCHEMAS_FOLDER
"""

import json
import sys
from pathlib import Path

import jsonschema
from frictionless import Package
from megadetector.postprocessing.validate_batch_results import validate_batch_results

results, package, schemas = sys.argv[1:]
megadetector = validate_batch_results(results)["validation_results"]

about = json.loads((Path(package) / "datapackage.json").read_text("utf-8"))
profile = json.loads((Path(schemas) / "camtrap-dp-profile.json").read_text("utf-8"))
own = profile["allOf"][1]  # the first part lies on the web; frictionless has it built in
del own["properties"]["spatial"]["$ref"]
said = [
    error.message
    for error in jsonschema.Draft4Validator({**own, "$defs": profile["$defs"]}).iter_errors(about)
]
about["profile"] = "data-package"
for resource in about["resources"]:
    resource["schema"] = json.loads((Path(schemas) / Path(resource["schema"]).name).read_text("utf-8"))
(Path(package) / "local.json").write_text(json.dumps(about), "utf-8")
report = Package(str(Path(package) / "local.json")).validate()
print(
    json.dumps(
        {
            "megadetector": {"errors": megadetector["errors"], "warnings": megadetector["warnings"]},
            "camtrap-dp": [*said, *report.flatten(["title", "message"])],
            "rows": sum(task.stats.get("rows", 0) for task in report.tasks),
        }
    )
)
