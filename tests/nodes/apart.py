#!/usr/bin/env python3
"""Three nodes and PostgreSQL, each in a network namespace of its own; clients race for three beds, and the line of one node is
cut in mid-race and mended. No bed is given twice, the node that is cut off says so, and it catches up.

    tests/nodes/apart.py PROGRAM [SECONDS CUT]      (as root: namespaces need it)

The clients' history is checked as in tests/it/nodes/history.rs: what is surely held is never more than there is, and who was
refused was refused at an instant when all may have been taken."""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone
from glob import glob

NODES = 3
BEDS = 3
CLIENTS = 3  # threads at each node
NAME = f"pn{os.getpid() % 100000}"
HUB = f"{NAME}-db"
URL = "http://127.0.0.1:8080/api/v1"
SEARCH = {"household": {"adults": [{"age_band": "18_59"}], "children": []}, "from_district": "TJ-DU-01"}
# A node that asks in vain who somebody is gives up after five seconds; a line that stays silent is ended after some ten.
PATIENCE = 12


def run(*words, **more):
    return subprocess.run(words, check=True, text=True, capture_output=True, **more).stdout


def ask(method, path, token=None, body=None, key=None):
    """Status and answer; status 0 where no answer came."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if key:
        headers["Idempotency-Key"] = key
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        text = error.read()
        try:
            return error.code, json.loads(text)
        except ValueError:
            return error.code, {}
    except OSError:
        return 0, {}


def sign_in(account):
    status, answer = ask("POST", "/session", body={"email": account["email"], "password": account["password"]})
    assert status == 200, (status, answer)
    return answer["token"]


# --- what runs inside a node's namespace ---------------------------------------------------------------------------------


def client(node, number, token, shelter, stop, told):
    """Asks for a bed and gives it back, until the time is over. Each operation is one line."""

    def note(asked, kind, hold=None, status=0):
        told({"node": node, "asked": asked, "answered": time.monotonic(), "kind": kind, "hold": hold, "status": status})

    turn = 0
    while time.monotonic() < stop:
        turn += 1
        status, referral = ask("POST", "/referrals", token, SEARCH, f"refer-{node}-{number}-{turn}")
        if status != 201:
            note(time.monotonic(), "no referral", status=status)
            time.sleep(0.2)
            continue
        asked = time.monotonic()
        path = f"/referrals/{referral['id']}/holds"
        status, answer = ask("POST", path, token, {"shelter_id": shelter}, f"hold-{node}-{number}-{turn}")
        if status == 409 and answer.get("code") == "no_bed_left":
            note(asked, "refused", status=status)
            continue
        if status != 201:
            note(asked, "unanswered", status=status)
            continue
        hold = answer["id"]
        note(asked, "granted", hold, status)
        asked = time.monotonic()
        status, _ = ask("POST", f"/holds/{hold}/release", token, {"reason": "her_choice"}, f"end-{node}-{number}-{turn}")
        note(asked, "ended" if status == 200 else "maybe ended", hold, status)


def clients(node, tokens, looks, shelter, stop):
    lock = threading.Lock()

    def told(line):
        with lock:
            print(json.dumps(line), flush=True)

    def look():
        # Somebody who only looks: what a node says of the country, once a second.
        while time.monotonic() < stop:
            asked = time.monotonic()
            status, answer = ask("GET", "/availability", looks)
            held = answer["national"]["held"] if status == 200 else None
            told({"node": node, "asked": asked, "answered": time.monotonic(), "kind": "look", "held": held, "status": status})
            time.sleep(0.5)

    threads = [threading.Thread(target=look)]
    for number in range(CLIENTS):
        arguments = (node, number, tokens[number % len(tokens)], shelter, stop, told)
        threads.append(threading.Thread(target=client, args=arguments))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# --- the stage -----------------------------------------------------------------------------------------------------------


class Stage:
    def __init__(self, program):
        self.program = os.path.abspath(program)
        self.dir = tempfile.mkdtemp(prefix="panoh-apart-", dir="/tmp")
        self.processes = []

    def inside(self, namespace, *words, **more):
        return subprocess.Popen(["ip", "netns", "exec", namespace, *words], text=True, stdin=subprocess.DEVNULL, **more)

    def namespaces(self):
        run("ip", "netns", "add", HUB)
        for words in ("link set lo up", "link add br0 type bridge", "addr add 10.77.0.1/24 dev br0", "link set br0 up"):
            run("ip", "-n", HUB, *words.split())
        for node in range(1, NODES + 1):
            space = f"{NAME}-{node}"
            run("ip", "netns", "add", space)
            run("ip", "-n", HUB, *f"link add v{node} type veth peer name eth0 netns {space}".split())
            for words in (f"link set v{node} master br0", f"link set v{node} up"):
                run("ip", "-n", HUB, *words.split())
            for words in ("link set lo up", f"addr add 10.77.0.1{node}/24 dev eth0", "link set eth0 up"):
                run("ip", "-n", space, *words.split())

    def postgres(self):
        folders = sorted(glob("/usr/lib/postgresql/*/bin"), key=lambda folder: int(folder.split("/")[-2]))
        tools = folders[-1] if folders else os.path.dirname(shutil.which("initdb"))
        try:
            account = pwd.getpwnam("postgres")
        except KeyError:
            account = pwd.getpwnam("nobody")
        data = f"{self.dir}/data"
        os.mkdir(data, 0o700)
        os.chown(data, account.pw_uid, account.pw_gid)
        os.chmod(self.dir, 0o755)
        who = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
        run(*who, f"{tools}/initdb", "-D", data, "-U", "panoh", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", cwd="/tmp")
        with open(f"{data}/pg_hba.conf", "a", encoding="utf-8") as hba:
            hba.write("host all all 10.77.0.0/24 trust\n")
        options = ["-c", "listen_addresses=10.77.0.1", "-c", "fsync=off", "-c", "unix_socket_directories="]
        log = open(f"{self.dir}/postgres.log", "w", encoding="utf-8")
        command = [*who, f"{tools}/postgres", "-D", data, *options]
        self.processes.append(self.inside(HUB, *command, stdout=log, stderr=log, cwd="/tmp"))
        psql = ["ip", "netns", "exec", HUB, f"{tools}/psql", "-h", "10.77.0.1", "-U", "panoh", "-d", "postgres", "-c"]
        for _ in range(200):
            if subprocess.run([*psql, "CREATE DATABASE panoh"], capture_output=True, check=False).returncode == 0:
                return
            time.sleep(0.1)
        raise SystemExit("apart: PostgreSQL did not start: " + open(f"{self.dir}/postgres.log", encoding="utf-8").read())

    def environment(self):
        plain = {name: value for name, value in os.environ.items() if not name.startswith("PANOH_")}
        config = f"{self.dir}/panoh.toml"
        with open(config, "w", encoding="utf-8") as file:
            file.write("[quotas]\nholds = 1000000\nsearches = 1000000\n")
        return plain | {
            "PANOH_CONFIG": config,
            "PANOH_DATABASE_URL": "postgres://panoh@10.77.0.1/panoh",
            "PANOH_WORKERS": "1",
            "PANOH_DATA_DIR": f"{self.dir}/demo",
        }

    def node(self, number):
        """Starts a node, and waits for the line in which it says who may sign in."""
        log = open(f"{self.dir}/node{number}.log", "w", encoding="utf-8")
        words = [self.program, "demo", "--port", "8080", "--dir", f"{self.dir}/demo", "--shelters", "16", "--json"]
        child = self.inside(f"{NAME}-{number}", *words, env=self.environment(), stdout=subprocess.PIPE, stderr=log)
        self.processes.append(child)
        line = child.stdout.readline()
        assert line, "a node did not start: " + open(f"{self.dir}/node{number}.log", encoding="utf-8").read()
        return json.loads(line)

    def at(self, node, function, *arguments):
        """Calls one of the functions of this file inside a node's namespace; the process."""
        call = json.dumps([function, *arguments])
        return self.inside(f"{NAME}-{node}", sys.executable, os.path.abspath(__file__), "--inside", call, stdout=subprocess.PIPE)

    def line(self, node, state):
        run("ip", "-n", HUB, "link", "set", f"v{node}", state)

    def close(self):
        for child in reversed(self.processes):
            child.terminate()
        for child in self.processes:
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
        for space in [HUB, *(f"{NAME}-{node}" for node in range(1, NODES + 1))]:
            subprocess.run(["ip", "netns", "del", space], capture_output=True, check=False)
        shutil.rmtree(self.dir, ignore_errors=True)


def places(rooms):
    """Which rooms to leave free, and how many beds of each, so that just so many women find a place; nothing if it cannot be."""
    empty = [room for room in rooms if not room["held_beds"]]
    for room in empty:
        if room["kind"] != "private" and room["beds"] >= BEDS:
            return {room["room_id"]: BEDS}
    own = [room for room in empty if room["kind"] == "private"]
    return {room["room_id"]: room["beds"] for room in own[:BEDS]} if len(own) >= BEDS else {}


def prepare(accounts):
    """Leaves one room with few free beds in a shelter that takes her; who may ask, and where."""
    officers = [account for account in accounts if account["role"] == "officer"]
    tokens = [sign_in(account) for account in officers[:2]]
    status, found = ask("POST", "/suggestions", tokens[0], SEARCH | {"limit": 20})
    assert status == 200, found
    managers = {shelter: one for one in accounts if one["role"] == "manager" for shelter in one["shelter_ids"]}
    for suggestion in found["suggestions"]:
        shelter = suggestion["shelter_id"]
        if shelter not in managers:
            continue
        manager = sign_in(managers[shelter])
        _, state = ask("GET", f"/shelters/{shelter}/state", manager)
        free = places(state["rooms"])
        if not free:
            continue
        rooms = [
            {"room_id": room["room_id"], "occupied_beds": room["beds"] - free.get(room["room_id"], 0)} for room in state["rooms"]
        ]
        now = datetime.now(timezone.utc).isoformat()
        body = {"observed_at": now, "rooms": rooms}
        status, answer = ask("POST", f"/shelters/{shelter}/reports", manager, body, "apart-report-1")
        assert status == 201, answer
        looks = sign_in(next(account for account in accounts if account["role"] == "committee"))
        print(json.dumps({"tokens": tokens, "looks": looks, "shelter": shelter}))
        return
    raise SystemExit(f"apart: no shelter for a race among {[one['shelter_code'] for one in found['suggestions']]}")


def held(token):
    status, answer = ask("GET", "/availability", token)
    print(json.dumps(answer["national"]["held"] if status == 200 else None))


# --- what is asked of the history ------------------------------------------------------------------------------------------


def faults(history):
    lives = {}
    for row in history:
        if row["kind"] == "granted":
            assert row["hold"] not in lives, "one hold was granted twice"
            lives[row["hold"]] = {"maybe": row["asked"], "surely": row["answered"], "end": None, "gone": None}
    for row in history:
        if row["kind"] in ("ended", "maybe ended"):
            lives[row["hold"]]["end"] = row["asked"]
            if row["kind"] == "ended":
                lives[row["hold"]]["gone"] = row["answered"]
    changes = []
    for life in lives.values():
        if life["end"] is None or life["surely"] < life["end"]:
            changes.append((life["surely"], 1))
            if life["end"] is not None:
                changes.append((life["end"], -1))
    now = most = 0
    for _, change in sorted(changes):
        now += change
        most = max(most, now)
    found = [f"{most} were given {BEDS} beds at once"] if most > BEDS else []
    lost = [row["asked"] for row in history if row["kind"] == "unanswered"]
    for row in history:
        if row["kind"] != "refused":
            continue
        instants = [row["asked"], row["answered"]]
        instants += [life["maybe"] for life in lives.values() if row["asked"] <= life["maybe"] <= row["answered"]]
        instants += [at for at in lost if row["asked"] <= at <= row["answered"]]

        def taken(at):
            there = sum(life["maybe"] <= at and (life["gone"] is None or at <= life["gone"]) for life in lives.values())
            return there + sum(asked <= at for asked in lost)

        if all(taken(at) < BEDS for at in instants):
            found.append(f"refused though a bed was free: {row}")
    return found


def main(program, seconds, cut):
    stage = Stage(program)
    try:
        try:
            stage.namespaces()
        except subprocess.CalledProcessError as error:  # a container may forbid them even to root
            print(f"apart: NOT RUN: no network namespaces here: {error.stderr.strip()}", file=sys.stderr)
            return
        stage.postgres()
        accounts = stage.node(1)["accounts"]
        for node in range(2, NODES + 1):
            stage.node(node)
        prepared = json.loads(stage.at(1, "prepare", accounts).communicate()[0])
        tokens, looks, shelter = prepared["tokens"], prepared["looks"], prepared["shelter"]
        begin = time.monotonic()
        races = [stage.at(node, "clients", node, tokens, looks, shelter, begin + seconds) for node in range(1, NODES + 1)]
        lines = [[] for _ in races]
        readers = [threading.Thread(target=lambda at=at: lines[at].extend(races[at].stdout)) for at in range(NODES)]
        for reader in readers:
            reader.start()
        time.sleep(seconds / 5)
        off = time.monotonic()
        stage.line(NODES, "down")
        time.sleep(cut)
        on = time.monotonic()
        stage.line(NODES, "up")
        for reader in readers:
            reader.join()
        history = sorted((json.loads(line) for part in lines for line in part), key=lambda row: row["answered"])
        judge(stage, history, off, on, looks)
    finally:
        stage.close()


def judge(stage, history, off, on, token):
    found = faults(history)
    of = lambda node: [row for row in history if row["node"] == node]
    apart, others = of(NODES), [row for row in history if row["node"] != NODES]
    # What it answers a second after the cut it can have known only from before.
    said = [row for row in apart if off + 1.5 < row["answered"] < on]
    found += [f"cut off, and yet: {row}" for row in said if row["status"] not in (0, 503)]
    if not any(row["status"] == 503 for row in said):
        found.append("the node that was cut off never said 503")
    went_on = sum(row["kind"] == "granted" and off < row["answered"] < on for row in others)
    if went_on == 0:
        found.append("the others gave no bed while one was cut off")
    back = [row for row in apart if row["answered"] > on and row["status"] in (200, 201)]
    if not back:
        found.append("the node that was cut off did not come back")
    deadline = time.monotonic() + 15
    while True:
        now = [json.loads(stage.at(node, "held", token).communicate()[0]) for node in range(1, NODES + 1)]
        if now[0] is not None and now.count(now[0]) == NODES:
            break
        if time.monotonic() > deadline:
            found.append(f"the nodes do not agree on what is held: {now}")
            break
        time.sleep(0.3)
    check = stage.inside(HUB, stage.program, "check", env=stage.environment() | {"PANOH_KEY_FILE": f"{stage.dir}/demo/panoh.key"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = check.communicate()[0]
    if check.returncode != 0:
        found.append("check: " + text)
    count = lambda kind: sum(row["kind"] == kind for row in history)
    after = f"{back[0]['answered'] - on:.1f} s after" if back else "never back"
    print(
        f"apart: {count('granted')} granted, {count('refused')} refused, {count('unanswered')} without an answer; cut off for "
        f"{on - off:.0f} s: {went_on} granted by the others, {len(said)} answers of its own (none but 503), {after} it served again"
    )
    if found:
        raise SystemExit("\n".join(["apart: FAILED", *found[:10]]))


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--inside":
        name, *rest = json.loads(sys.argv[2])
        {"prepare": prepare, "clients": clients, "held": held}[name](*rest)
    elif len(sys.argv) not in (2, 4):
        raise SystemExit(__doc__)
    elif os.geteuid() != 0:
        print("apart: NOT RUN: network namespaces need root", file=sys.stderr)
    else:
        main(sys.argv[1], *(float(word) for word in sys.argv[2:] or ("20", "11")))
