"""The look of the HTML report: on a screen, on paper, in black and white; nothing comes from elsewhere."""

from __future__ import annotations

CSS = """
:root { color-scheme: light; --ink: #1a1a1a; --soft: #454545; --line: #767676; --paper: #fff; --shade: #f2f4f6; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 "BIZ UDPGothic", "Hiragino Sans", "Yu Gothic UI", Meiryo, "Noto Sans CJK JP", sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; border-bottom: 2px solid var(--ink); padding-bottom: .2rem; }
p { margin: .4rem 0; }
a { color: #0b3d91; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; background: var(--paper); padding: .3rem; }
.verdict { font-size: 1.15rem; font-weight: 700; border: 2px solid var(--ink); border-left-width: .9rem;
  padding: .6rem .9rem; margin: .8rem 0; background: var(--paper); }
.verdict.good { border-color: #0a5c36; } .verdict.bad { border-color: #a3122b; }
.verdict.unsure { border-color: #7a4d00; }
.verdict span { display: block; } .verdict .other { font-weight: 400; font-size: .95rem; color: var(--soft); }
.meaning { color: var(--soft); }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0; margin: .6rem 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0 1rem; font-size: .92rem; }
caption { text-align: left; color: var(--soft); padding: .2rem 0; }
th, td { border: 1px solid var(--line); padding: .3rem .5rem; text-align: left; vertical-align: top; }
thead th { background: var(--shade); white-space: nowrap; }
.facts th { width: 17rem; background: var(--shade); font-weight: 600; } .facts td { overflow-wrap: anywhere; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.word { white-space: nowrap; }
td.path { overflow-wrap: anywhere; min-width: 16rem; font-family: "BIZ UDGothic", "Noto Sans Mono CJK JP", monospace;
  font-size: .88rem; }
td.place { min-width: 9em; } td.kind { min-width: 7em; }
td small { display: block; color: var(--soft); font-family: "BIZ UDPGothic", "Noto Sans CJK JP", sans-serif; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(26rem, 1fr)); gap: 1rem 2rem; }
figure { margin: 0; } figcaption { font-weight: 600; margin-bottom: .3rem; } svg { width: 100%; height: auto; }
svg text { font: 13px "BIZ UDPGothic", "Hiragino Sans", "Yu Gothic UI", Meiryo, "Noto Sans CJK JP", sans-serif;
  fill: var(--ink); }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .88rem; }
@page { size: A4; margin: 14mm; }
@media print {
  body { max-width: none; padding: 0; font-size: 9.5pt; } nav, .skip { display: none; }
  .wide { overflow: visible; } table { font-size: 8pt; } thead { display: table-header-group; }
  tr, figure, .verdict { break-inside: avoid; } h2 { break-after: avoid; } td.path { min-width: 18em; }
  tr.long { break-inside: auto; } 
  .facts, .verdict, svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .charts { grid-template-columns: 1fr 1fr; }
}
@media (max-width: 40rem) { body { padding: .8rem; } .charts { grid-template-columns: 1fr; }
  .facts th { width: 9rem; } }
"""
