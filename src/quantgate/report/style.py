"""The style sheet of the HTML report, for light and dark, wide and narrow screens, and print."""

_LIGHT = """
  --paper: #ffffff; --panel: #f6f7f9; --ink: #1c2128; --soft: #59636f; --line: #d9dee4;
  --good: #116b37; --good-panel: #e8f5ed; --fair: #7d5200; --bad: #a8261c; --bad-panel: #fdf3e4;
  --accent: #2659b8;
"""
_DARK = """
  --paper: #14181d; --panel: #1b2128; --ink: #e4e8ed; --soft: #9aa5b1; --line: #333c47;
  --good: #62d391; --good-panel: #15301f; --fair: #e5b457; --bad: #ff8f82; --bad-panel: #362713;
  --accent: #85abf5;
"""

STYLE = (
    f"""
:root {{ color-scheme: light dark; {_LIGHT} }}
@media (prefers-color-scheme: dark) {{ :root {{ {_DARK} }} }}
@media print {{ :root {{ color-scheme: light; {_LIGHT} }} }}
"""
    + """
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem 1.25rem 3rem; }
header { padding: 1.2rem 1.5rem 1.3rem; border-radius: 12px; background: var(--bad-panel); }
header.winner { background: var(--good-panel); }
header p { margin: 0; }
header dl { margin: 1rem 0 0; }
.badge {
  color: var(--fair); font-size: .75rem; font-weight: 700;
  letter-spacing: .07em; text-transform: uppercase;
}
.winner .badge { color: var(--good); }
h1 { margin: .1rem 0 .3rem; font-size: 1.7rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 2.4rem 0 .6rem; font-size: 1.15rem; line-height: 1.3; overflow-wrap: anywhere; }
.summary, li, dd, p, figcaption { overflow-wrap: anywhere; }
.note, figcaption { color: var(--soft); font-size: .87rem; }
.note { margin: -.3rem 0 .8rem; max-width: 48rem; }
ul { margin: 0; padding-left: 1.2rem; }
li + li { margin-top: .3rem; }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin-top: 1rem; font-size: .87rem; }
a { color: var(--accent); }
details { border-bottom: 1px solid var(--line); }
summary { cursor: pointer; }
summary h2 { display: inline-block; margin: 1rem 0 .8rem .3rem; }
details > div { padding-bottom: 1.2rem; }
section p { margin: 0 0 .4rem; }
.wide, .compact { overflow-x: auto; border: 1px solid var(--line); border-radius: 10px; }
.wide + .wide { margin-top: 1rem; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td {
  padding: .5rem .9rem; border-bottom: 1px solid var(--line);
  text-align: left; vertical-align: top;
}
tbody tr:last-child > * { border-bottom: 0; }
thead th {
  background: var(--panel); color: var(--soft);
  font-size: .8rem; font-weight: 600; line-height: 1.35; vertical-align: bottom;
}
th.number, td.number { text-align: right; }
td.number { white-space: nowrap; }
td:not(.number) { overflow-wrap: anywhere; min-width: 6.5rem; }
tbody th { font-weight: 600; overflow-wrap: break-word; max-width: 24rem; }
.compact th, .compact td { padding: .3rem .7rem; font-size: .9rem; }
.compact thead th { font-size: .8rem; }
.compact tbody th { font-weight: 400; overflow-wrap: anywhere; min-width: 4.5rem; }
.calibration .compact { max-width: 52rem; }
small { display: block; color: var(--soft); font-size: .8rem; font-weight: 400; }
tr.baseline { background: var(--panel); }
tr.winner { background: var(--good-panel); }
.winner .standing, .qualifies .standing, .kept { color: var(--good); }
.winner .standing { font-weight: 700; }
.undecided .standing, .unqualified .standing, .open { color: var(--fair); }
.misses .standing, .rejected .standing, .failed .standing, .missed { color: var(--bad); }
.front { display: block; color: var(--soft); font-size: .8rem; font-weight: 400; }
.front::before { content: "\\25C6\\2002"; }
.limits td.number { white-space: normal; min-width: 5rem; }
dl {
  display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.5rem; margin: 0;
}
dt { color: var(--soft); }
dd { margin: 0; }
.tiles { display: flex; flex-wrap: wrap; gap: .9rem 2.4rem; margin-top: 1rem; }
.tiles dt { font-size: .8rem; overflow-wrap: anywhere; }
.tiles dd { font-size: 1.3rem; line-height: 1.25; font-variant-numeric: tabular-nums; }
.plots { display: flex; flex-wrap: wrap; gap: 1rem; margin-bottom: 1rem; }
figure {
  flex: 1 1 24rem; min-width: 0; max-width: 37rem; margin: 0; padding: .9rem 1rem;
  border: 1px solid var(--line); border-radius: 10px;
}
figure svg { display: block; width: 100%; height: auto; max-height: 30rem; }
figcaption { margin-top: .5rem; }
.gallery {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(7.5rem, 1fr)); gap: .7rem;
}
.gallery figure { padding: .6rem; text-align: center; }
.gallery img { width: 96px; height: 96px; object-fit: contain; image-rendering: pixelated; }
.gallery figcaption { font-size: .8rem; line-height: 1.35; }
.gallery + .compact { margin-top: 1rem; }
.columns { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
.columns > .compact { flex: 1 1 24rem; min-width: 0; margin: 0; }
code { font: .92em ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
pre {
  margin: 0; padding: .8rem 1rem; border-radius: 10px; background: var(--panel);
  font: .85rem/1.6 ui-monospace, "SF Mono", Menlo, Consolas, monospace;
  white-space: pre-wrap; overflow-wrap: anywhere;
}
@media screen {
  .long { content-visibility: auto; contain-intrinsic-size: auto 300rem; }
}
@media screen and (max-width: 44rem) {
  main { padding: .8rem .8rem 2rem; }
  header { padding: 1rem; }
  .wide thead { display: none; }
  .wide table, .wide tbody, .wide tr, .wide th, .wide td { display: block; }
  .wide th { overflow-wrap: anywhere; max-width: none; }
  .wide tr { padding: .6rem .9rem; border-bottom: 1px solid var(--line); }
  .wide tbody tr:last-child { border-bottom: 0; }
  .wide th, .wide td { padding: .1rem 0; border: 0; }
  .wide td, .wide td.number {
    display: flex; justify-content: space-between; gap: 1rem;
    text-align: right; white-space: normal; overflow-wrap: anywhere;
  }
  .wide td::before {
    content: attr(data-title); color: var(--soft); text-align: left; flex: none; max-width: 60%;
  }
  .wide td > span { min-width: 0; }
  .compact th, .compact td { padding: .3rem .45rem; }
  figure { flex-basis: 100%; padding: .7rem .5rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; }
  .tiles dd { margin: 0; }
}
@media print {
  @page { margin: 14mm; }
  body { font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  h2, summary, .note { break-after: avoid; }
  nav { display: none; }
  details::details-content { content-visibility: visible; }
  tr, figure, header, pre { break-inside: avoid; }
  thead { display: table-header-group; }
  .wide, .compact { overflow: visible; }
  table { font-size: 8.5pt; }
  thead th, small, .front, .compact thead th, .compact th, .compact td { font-size: 8pt; }
  .note, figcaption { font-size: 8.5pt; }
  th, td, .compact th, .compact td { padding: .25rem .4rem; }
  td:not(.number) { min-width: 4rem; }
  tbody th { max-width: 13rem; }
  figure { flex: 1 1 45%; }
  .trade-offs figure { flex-basis: 100%; max-width: none; }
  figure svg { max-height: 78mm; }
}
"""
)
