"""Every role against every operation of the OpenAPI document: no 5xx, and no answer that the document does not tell of.

    python api.py PROGRAM SECONDS

Each role gets a demo of its own, so that what one breaks the next does not meet, and an equal share of the time.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

# What would end the session that asks, and what never ends.
NOT_ASKED = ["/api/v1/session", "/api/v1/session/proof", "/api/v1/me/sessions", "/api/v1/me/password", "/api/v1/availability/stream"]

# Of all checks one is left out: that whatever the schemas allow is accepted. A schema cannot say that a district is known,
# that a date is not past, or that a household has a grown-up; the 422 that names the field does.
LEFT_OUT = "positive_data_acceptance"

ROLES = ["manager", "officer", "committee", "admin"]


def demo(program, folder):
    """Starts one; answers with the process and what it says of itself."""
    command = [program, "demo", "--port", "0", "--dir", folder, "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=open(pathlib.Path(folder) / "log", "w"), text=True)
    line = process.stdout.readline()
    if not line:
        sys.exit((pathlib.Path(folder) / "log").read_text()[-3000:])
    return process, json.loads(line)


def token(told, role):
    account = next(account for account in told["accounts"] if account["role"] == role)
    body = json.dumps({"email": account["email"], "password": account["password"]}).encode()
    request = urllib.request.Request(told["url"] + "/api/v1/session", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["token"]


def ask(program, role, seconds, reports):
    with tempfile.TemporaryDirectory(prefix="panoh-audit-") as folder:
        process, told = demo(program, folder)
        try:
            command = [
                str(pathlib.Path(sys.executable).with_name("schemathesis")),
                "--config-file", str(pathlib.Path(__file__).with_name("schemathesis.toml")), "run", told["url"] + "/api/openapi.json",
                "--header", "Authorization: Bearer " + token(told, role),
                "--phases", "coverage,fuzzing,stateful", "--max-time", str(seconds), "--continue-on-failure", "--no-shrink",
                "--checks", "all", "--exclude-checks", LEFT_OUT, "--warnings", "off",
                "--report", "junit", "--report-junit-path", str(reports / f"api-{role}.xml"),
            ]
            for path in NOT_ASKED:
                command += ["--exclude-path", path]
            print(f"== {role}, {seconds} s", flush=True)
            failed = subprocess.run(command).returncode != 0
            log = (pathlib.Path(folder) / "log").read_text()
            if "panicked" in log:
                print(log[-3000:])
                failed = True
            return failed
        finally:
            process.terminate()
            process.wait()


def main():
    program, seconds = sys.argv[1], int(sys.argv[2])
    reports = pathlib.Path("target/audit")
    reports.mkdir(parents=True, exist_ok=True)
    failed = [role for role in ROLES if ask(program, role, max(seconds // len(ROLES), 1), reports)]
    sys.exit(f"failed as {', '.join(failed)}" if failed else 0)


main()
