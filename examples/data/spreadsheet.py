#!/usr/bin/env python3
"""A run as a spreadsheet: python3 spreadsheet.py RUN/summary.csv >summary.fods

The file opens in LibreOffice, and from there goes to Excel: one sheet with every column of summary.csv, numbers as
numbers, and three columns of formulas in front, which show how such a sheet goes on: the cell in words, its time per
task over that of the first cell, and half of the interval in percent of the median.

Without this script: open summary.csv with "comma" as the separator and "English (USA)" as the language.
"""
import csv
import re
import sys
from xml.sax.saxutils import escape, quoteattr

NUMBER = re.compile(r'-?\d+(\.\d+)?(e[-+]?\d+)?$')


def column_name(index):
    name = ''
    while index >= 0:
        name, index = chr(ord('A') + index % 26) + name, index // 26 - 1
    return name


def cell(text):
    if NUMBER.match(text) and len(text.lstrip('-').split('.')[0]) <= 15:  # more digits than a spreadsheet has: a text
        return f'<table:table-cell office:value-type="float" office:value="{text}"/>'
    return f'<table:table-cell office:value-type="string"><text:p>{escape(text)}</text:p></table:table-cell>'


def formula(text):
    return f'<table:table-cell table:formula={quoteattr("of:=" + text)}/>'


def main(path):
    with open(path, newline='', encoding='utf-8') as file:
        rows = list(csv.reader(file))
    heads, rows = rows[0], rows[1:]
    at = {name: column_name(3 + i) for i, name in enumerate(heads)}
    print('<?xml version="1.0" encoding="UTF-8"?>\n<office:document office:version="1.3" '
          'office:mimetype="application/vnd.oasis.opendocument.spreadsheet" '
          'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
          'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
          'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
          'xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2">'
          '<office:body><office:spreadsheet><table:table table:name="summary">')
    print('<table:table-row>' + ''.join(cell(t) for t in ['cell', 'over the first', 'interval, +- %', *heads]) + '</table:table-row>')
    for i, row in enumerate(rows):
        line = i + 2
        of = {name: f'[.{letters}{line}]' for name, letters in at.items()}
        workers = f'&", "&{of["workers"]}' if 'workers' in of else ''
        print('<table:table-row>' +
              formula(f'{of["pool"]}&", "&{of["workload"]}{workers}') +
              formula(f'{of["ns_per_task"]}/[.{at["ns_per_task"]}$2]') +
              formula(f'IF({of["wall_lo_ns"]}="";"";50*({of["wall_hi_ns"]}-{of["wall_lo_ns"]})/{of["wall_ns"]})') +
              ''.join(cell(text) for text in row) + '</table:table-row>')
    print('</table:table></office:spreadsheet></office:body></office:document>')


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.stdout.reconfigure(encoding='utf-8')
    main(sys.argv[1])
