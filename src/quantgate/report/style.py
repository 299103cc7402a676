"""The style sheet of the HTML report: light and dark, wide and narrow."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f6f7f9; --ink: #1c2128; --soft: #5b6572; --line: #d9dee4;
  --good: #116b37; --good-panel: #e5f5eb; --fair: #7d5200; --bad: #a8261c; --bad-panel: #fdf1e0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181d; --panel: #1c2229; --ink: #e4e8ed; --soft: #9aa5b1; --line: #333c47;
    --good: #62d391; --good-panel: #15301f; --fair: #e5b457; --bad: #ff8f82; --bad-panel: #362713;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1.25rem 3rem; }
header { padding: 1.1rem 1.4rem; border-radius: 10px; background: var(--bad-panel); }
header.winner { background: var(--good-panel); }
header p { margin: 0; }
.badge {
  color: var(--fair); font-size: .75rem; font-weight: 700;
  letter-spacing: .07em; text-transform: uppercase;
}
.winner .badge { color: var(--good); }
h1 { margin: .1rem 0 .3rem; font-size: 1.6rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 2rem 0 .6rem; font-size: 1.1rem; }
.summary, li, dd, p { overflow-wrap: anywhere; }
ul { margin: 0; padding-left: 1.2rem; }
li + li { margin-top: .3rem; }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 10px; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td {
  padding: .55rem .9rem; border-bottom: 1px solid var(--line);
  text-align: left; vertical-align: top;
}
tbody tr:last-child > * { border-bottom: 0; }
thead th {
  background: var(--panel); color: var(--soft);
  font-size: .8rem; font-weight: 600; vertical-align: bottom;
}
thead th:not(:first-child), td.number { text-align: right; }
.candidates thead th:last-child { text-align: left; }
tbody th { font-weight: 600; overflow-wrap: anywhere; }
small { display: block; color: var(--soft); font-size: .8rem; font-weight: 400; }
tr.baseline { background: var(--panel); }
tr.winner { background: var(--good-panel); }
.winner .standing, .qualifies .standing, .kept { color: var(--good); }
.winner .standing { font-weight: 700; }
.misses .standing { color: var(--fair); }
.rejected .standing, .failed .standing, .missed { color: var(--bad); }
dl {
  display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.5rem; margin: 0;
}
dt { color: var(--soft); }
dd { margin: 0; }
@media (max-width: 44rem) {
  main { padding: 1rem .8rem 2rem; }
  thead { display: none; }
  table, tbody, tr, tbody th, td { display: block; }
  tr { padding: .6rem .9rem; border-bottom: 1px solid var(--line); }
  tbody tr:last-child { border-bottom: 0; }
  th, td { padding: .1rem 0; border: 0; }
  td, td.number { display: flex; justify-content: space-between; gap: 1rem; text-align: right; }
  td::before { content: attr(data-title); color: var(--soft); text-align: left; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; }
}
"""
