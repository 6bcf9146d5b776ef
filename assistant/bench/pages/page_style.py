"""The style sheet of the benchmark's page: light or dark by the reader's setting, down to the width of a phone."""

STYLE = """
:root { color-scheme: light dark; --paper: #fbfaf7; --card: #ffffff; --ink: #1d2126; --faint: #5b626b; --rule: #dcd9d2;
  --c0: #1f6feb; --c1: #7a4fc9; --c2: #c2410c; --c3: #0b7a5c; --c4: #9aa3ad; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --card: #1c2026; --ink: #e8e9ea; --faint: #a7afb8; --rule: #363c44;
  --c0: #6aa5ff; --c1: #b598f0; --c2: #f2915a; --c3: #4fc3a0; --c4: #6d7782; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 940px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 12px; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 0 0 8px; }
section { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 16px; margin: 16px 0; }
p { margin: 0 0 6px; color: var(--faint); overflow-wrap: anywhere; }
p strong { color: var(--ink); }
ul { margin: 0; padding-left: 20px; color: var(--faint); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 12px; margin: 16px 0; }
.tiles div { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 12px 16px; }
.tiles span { display: block; font-size: .85rem; color: var(--faint); }
.tiles strong { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
.plot { overflow-x: auto; } .plot:focus-visible { outline: 2px solid var(--c0); outline-offset: 2px; }
.plot svg { display: block; max-width: 100%; min-width: 620px; height: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .92rem; }
th, td { padding: 5px 10px; border-bottom: 1px solid var(--rule); text-align: right; white-space: nowrap; }
th[scope=row], th:first-child { text-align: left; font-weight: 500; }
thead th { font-weight: 600; color: var(--faint); vertical-align: bottom; white-space: normal; }
tbody tr:last-child > * { border-bottom: 0; }
.wordy td, .wordy th { white-space: normal; text-align: left; vertical-align: top; min-width: 104px; }
.wordy td:last-child { min-width: 240px; color: var(--faint); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; list-style: none; padding: 0; margin: 4px 0 10px; font-size: .9rem; }
.legend i { display: inline-block; width: 14px; height: 14px; border-radius: 3px; margin-right: 7px; vertical-align: -2px; }
svg text { font: 13px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums; }
.ink { fill: var(--ink); } .faint { fill: var(--faint); } .axis { stroke: var(--rule); stroke-width: 1; }
.mark { stroke: var(--faint); stroke-width: 1; stroke-dasharray: 2 4; opacity: .6; }
.outline { fill: none; stroke: var(--faint); stroke-width: 1.5; stroke-dasharray: 4 3; }
.part-0, i.line-0 { fill: var(--c0); background: var(--c0); } .part-1 { fill: var(--c1); background: var(--c1); }
.part-2, i.line-1 { fill: var(--c2); background: var(--c2); } .part-3 { fill: var(--c3); background: var(--c3); }
.part-4 { fill: var(--c4); background: var(--c4); }
path { fill: none; stroke-width: 2; stroke-linejoin: round; } path.line-0 { stroke: var(--c0); } path.line-1 { stroke: var(--c2); }
path.line-2 { stroke: var(--c3); } path.line-3 { stroke: var(--c1); } path.line-4 { stroke: var(--c4); }
.roof { stroke: var(--ink); } .leader { stroke: var(--faint); stroke-width: 1; } .halo { stroke: var(--card); stroke-width: 4px; paint-order: stroke; } path.dot { stroke: var(--card); stroke-width: 1; } .legend svg.mark-alone { display: inline-block; min-width: 0; margin-right: 7px; vertical-align: -3px; }
path.dot.line-0 { fill: var(--c0); } path.dot.line-1 { fill: var(--c2); } path.dot.line-2 { fill: var(--c3); } path.dot.line-3 { fill: var(--c1); }
path.dot.line-4 { fill: var(--c4); }
@media (max-width: 600px) { section { padding: 12px; } table { font-size: .8rem; } th, td { padding: 4px 5px; white-space: normal; }
  td { min-width: 56px; } th[scope=row] { min-width: 122px; } .plot svg { min-width: 560px; } .tiles { grid-template-columns: 1fr 1fr; } }
@media print { section, .tiles div { break-inside: avoid; } }
"""
