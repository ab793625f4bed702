"""Transfer plans beside HiGHS: the same cases as one mixed-integer programme, written apart from the program's own rules.

    compare.py FOLDER [--seconds N] [--from-ours] [--keep FILE]

FOLDER holds the cases that `panoh plan transfers-bench --write FOLDER` wrote. HiGHS gets N seconds for each (60), on one
thread; what it reached by then, and its own gap, are printed beside the plan's cost. With --from-ours it is given the plan
as a start, which says how much better it can do from there. --keep writes the dearest for docs/PERFORMANCE.md. Exits with 1 if a plan costs more than 2 % above the best that
HiGHS found, or breaks a rule of the case.
"""

import argparse
import json
import pathlib
import sys

import highspy

ALLOWED = 0.02


def quotas(case):
    """For each item: packs that move in all, and for each shelter the fewest and most it gets. Coverage comes first."""
    for item in range(len(case["pack_grams"])):
        spare = {s: (packs, soon, bonus) for s, i, packs, soon, bonus in case["spare"] if i == item and packs}
        need = {s: (critical, low) for s, i, critical, low in case["need"] if i == item}
        supply = sum(packs for packs, _, _ in spare.values())
        critical = sum(c for c, _ in need.values())
        everything = critical + sum(low for _, low in need.values())
        if supply >= everything:
            limits = {s: (c + low, c + low) for s, (c, low) in need.items()}
        elif supply >= critical:
            limits = {s: (c, c + low) for s, (c, low) in need.items()}
        else:
            limits = {s: (0, c) for s, (c, low) in need.items()}
        yield item, min(supply, everything), spare, {s: l for s, l in limits.items() if l[1]}


def haul(case, item, a, b):
    """Thousandths of the minor unit for one pack."""
    return case["metres"][a][b] * case["tonne_km_minor"] * case["pack_grams"][item] // 1_000_000


def check(case):
    """What the plan costs by the case's own figures; fails if it breaks a rule."""
    lines = case["lines"]
    cost = len({(a, b) for a, b, _, _ in lines}) * case["journey_minor"] * 1000
    for item, total, spare, limits in quotas(case):
        sent, got = {}, {}
        for a, b, i, packs in lines:
            if i == item:
                assert packs > 0
                sent[a] = sent.get(a, 0) + packs
                got[b] = got.get(b, 0) + packs
                cost += haul(case, item, a, b) * packs
        assert sum(sent.values()) == total, "covers less than it could"
        assert all(packs <= spare[a][0] for a, packs in sent.items()), "takes more than is spare"
        assert all(low <= got.get(b, 0) <= high for b, (low, high) in limits.items()), "serves the wrong needs"
        assert set(got) <= set(limits)
        cost -= sum(min(packs, spare[a][1]) * spare[a][2] * 1000 for a, packs in sent.items())
    assert cost == case["cost"], f"costs {cost}, said {case['cost']}"


def solve(case, seconds, from_ours):
    model = highspy.Highs()
    model.silent()
    model.setOptionValue("time_limit", float(seconds))
    model.setOptionValue("threads", 1)
    carried = {}
    for a, b, item, packs in case["lines"]:
        carried[a, b, item] = packs
    used = {(a, b) for a, b, _ in carried}
    journey, start = {}, []
    for item, total, spare, limits in quotas(case):
        if not total:
            continue
        flow = {}
        for a, (packs, _, _) in spare.items():
            for b, (_, most) in limits.items():
                if (a, b) not in journey:
                    journey[a, b] = model.addBinary(obj=case["journey_minor"])
                    start.append((journey[a, b], float((a, b) in used)))
                most_here = min(packs, most)
                flow[a, b] = model.addVariable(lb=0, ub=most_here, obj=haul(case, item, a, b) / 1000)
                start.append((flow[a, b], carried.get((a, b, item), 0)))
                model.addConstr(flow[a, b] <= most_here * journey[a, b])
        for b, (low, high) in limits.items():
            into = sum(flow[a, b] for a in spare)
            model.addConstr(into >= low)
            model.addConstr(into <= high)
        model.addConstr(sum(flow.values()) == total)
        for a, (packs, soon, bonus) in spare.items():
            out = sum(flow[a, b] for b in limits)
            model.addConstr(out <= packs)
            if soon and bonus:
                saved = model.addVariable(lb=0, ub=soon, obj=-bonus)
                sent = sum(carried.get((a, b, item), 0) for b in limits)
                start.append((saved, min(soon, sent)))
                model.addConstr(saved <= out)
    if from_ours:
        known = highspy.HighsSolution()
        values = [0.0] * model.getNumCol()
        for variable, value in start:
            values[variable.index] = float(value)
        known.col_value = values
        model.setSolution(known)
    model.run()
    info = model.getInfo()
    return info.objective_function_value, info.mip_dual_bound


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--from-ours", action="store_true")
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    files = sorted(options.folder.glob("*.json"), key=lambda file: int(file.stem))
    print(f"{'seed':>5}{'plan':>12}{'bound':>12}{'HiGHS':>12}{'its bound':>12}{'its gap %':>11}{'plan/HiGHS %':>14}")
    worst = -1.0
    for file in files:
        case = json.loads(file.read_text())
        check(case)
        theirs, bound = solve(case, options.seconds, options.from_ours)
        ours, apart = case["cost"] / 1000, case["cost"] / 1000 / theirs - 1
        worst = max(worst, apart)
        print(
            f"{file.stem:>5}{ours:>12.0f}{case['bound'] / 1000:>12.0f}{theirs:>12.0f}{bound:>12.0f}"
            f"{(theirs - bound) / theirs * 100:>11.2f}{apart * 100:>+14.2f}",
            flush=True,
        )
    print(f"{len(files)} cases; dearest beside HiGHS: {worst * 100:+.2f} % ({ALLOWED * 100:.0f} % allowed)")
    if options.keep:
        rows = [
            {"name": "dearest beside HiGHS", "value": worst * 100, "unit": "%"},
            {"name": "seconds that HiGHS had for each case", "value": options.seconds, "unit": "s"},
            {"name": "cases", "value": len(files), "unit": ""},
        ]
        told = {"section": "transfers beside HiGHS", "circumstances": {}, "rows": rows}
        options.keep.parent.mkdir(parents=True, exist_ok=True)
        options.keep.write_text(json.dumps(told, indent=2))
    sys.exit(worst > ALLOWED)


main()
