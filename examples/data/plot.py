#!/usr/bin/env python3
"""Time per task of the cells of a run, as a picture: python3 plot.py RUN/summary.csv >summary.svg

Nothing but summary.csv and Python's own library is used: a line a cell, its median as a point, its 95 % interval of
this run as a bar, on a logarithmic axis.
"""
import csv
import html
import math
import sys

COLOURS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#56B4E9', '#E69F00', '#000000', '#999999']
LEFT, RIGHT, LINE, TOP = 330, 90, 22, 34


def number(text):
    return float(text) if text else None


def cells(path):
    """Label, pool, and the median per task in ns with the ends of its interval (None where a cell has none)."""
    with open(path, newline='', encoding='utf-8') as file:
        for row in csv.DictReader(file):
            per_task = number(row['ns_per_task'])
            if per_task is None:
                continue  # no trial of it ended well
            tasks = float(row['tasks'])
            ends = [number(row[name]) for name in ('wall_lo_ns', 'wall_hi_ns')]
            label = ', '.join(filter(None, (row['pool'], row['workload'], row.get('workers') and row['workers'] + ' workers')))
            yield label, row['pool'], per_task, [end / tasks if end is not None else None for end in ends]


def spell(ns):
    for unit, size in (('s', 1e9), ('ms', 1e6), ('µs', 1e3)):
        if ns >= size:
            return f'{ns / size:.3g} {unit}'
    return f'{ns:.3g} ns'


def main(path):
    rows = list(cells(path))
    if not rows:
        sys.exit(f'{path}: no cell has a time per task')
    every = [value for _, _, middle, ends in rows for value in [middle, *ends] if value]
    least, most = math.log10(min(every)) - 0.05, math.log10(max(every)) + 0.05
    pools = list(dict.fromkeys(pool for _, pool, _, _ in rows))
    width, height = 800, TOP + LINE * len(rows) + 30

    def at(ns):
        return LEFT + (math.log10(ns) - least) / (most - least) * (width - LEFT - RIGHT)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{width}" height="{height}" fill="white"/>',
           f'<text x="{LEFT}" y="18" font-size="14">Time per task: median and 95 % interval</text>']
    for i, (label, pool, middle, ends) in enumerate(rows):
        y, colour = TOP + LINE * i + LINE / 2, COLOURS[pools.index(pool) % len(COLOURS)]
        out.append(f'<text x="{LEFT - 10}" y="{y + 4}" text-anchor="end">{html.escape(label[:48])}</text>')
        if None not in ends:
            out.append(f'<path d="M{at(ends[0]):.1f} {y}H{at(ends[1]):.1f}" stroke="{colour}" stroke-width="3"/>')
        out.append(f'<circle cx="{at(middle):.1f}" cy="{y}" r="4" fill="{colour}"/>')
        out.append(f'<text x="{width - RIGHT + 14}" y="{y + 4}">{spell(middle)}</text>')
    out.append('</svg>')
    print('\n'.join(out))


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.stdout.reconfigure(encoding='utf-8')
    main(sys.argv[1])
