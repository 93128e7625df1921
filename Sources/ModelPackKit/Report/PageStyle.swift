// SPDX-License-Identifier: Apache-2.0

/// How pages look, and what they do.
enum PageStyle {
  static let css = """
    :root{color-scheme:light;--line:#d9dee5;--dim:#5b6675;--accent:#0b57a4}
    *{box-sizing:border-box}
    body{margin:0 auto;max-width:1260px;padding:24px;color:#1b2430;background:#fff;
    font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
    h1{font-size:22px;margin:0 0 12px;overflow-wrap:anywhere}
    h2{font-size:16px;margin:32px 0 8px}
    a{color:inherit}
    .facts{display:flex;flex-wrap:wrap;gap:12px 40px;margin:0}
    .facts dt{color:var(--dim);font-size:12px}
    .facts dd{margin:0;font-size:17px;overflow-wrap:anywhere}
    .note{color:var(--dim);font-size:12px;margin:6px 0}
    #treemap{display:block;width:100%;height:auto;background:#f4f6f8}
    #treemap text{font-size:11px;pointer-events:none}
    #treemap .title{font-weight:600;fill:#2a3542}
    .module{fill:#e6eaef;stroke:#fff;stroke-width:2}
    .module.d2{fill:#d9dfe6}
    .module.d3{fill:#ccd4dd}
    .cell{stroke:#fff;stroke-width:1}
    a:hover .cell{stroke:#1b2430;stroke-width:2}
    .c0{fill:#d7301f;background:#d7301f}.c1{fill:#fc8d59;background:#fc8d59}
    .c2{fill:#fdcc8a;background:#fdcc8a}.c3{fill:#c7e9c0;background:#c7e9c0}
    .c4{fill:#8fd08f;background:#8fd08f}.c5{fill:#5bb37a;background:#5bb37a}
    .b0{fill:#e3eef9;background:#e3eef9}.b1{fill:#cadef0;background:#cadef0}
    .b2{fill:#a9cde6;background:#a9cde6}.b3{fill:#82b9dc;background:#82b9dc}
    .b4{fill:#5fa3d0;background:#5fa3d0}.b5{fill:#4490c6;background:#4490c6}
    .same{fill:#c3cbd6;background:#c3cbd6}
    .key{display:inline-block;width:12px;height:12px;margin:0 4px 0 10px;vertical-align:-1px}
    .key.before{background:#b9c3d0}.key.after{border-top:2px solid var(--accent);height:7px}
    .distributions{display:grid;gap:16px 20px;
    grid-template-columns:repeat(auto-fill,minmax(220px,1fr))}
    figure{margin:0;min-width:0}
    figcaption{font-size:12px;overflow-wrap:anywhere;margin-bottom:4px}
    figcaption small{display:block;color:var(--dim)}
    figure svg{display:block;width:100%;height:auto;border-bottom:1px solid var(--line)}
    path.before{fill:#b9c3d0}path.only{fill:#8aa9cc}
    path.after{fill:none;stroke:var(--accent);stroke-width:1.2}
    .ends{display:flex;justify-content:space-between;color:var(--dim);font-size:11px}
    input{width:320px;max-width:100%;padding:6px 8px;margin-bottom:8px;font:inherit;
    border:1px solid var(--line);border-radius:4px}
    table{border-collapse:collapse;width:100%;font-size:12.5px}
    th{position:sticky;top:0;background:#fff;text-align:left;border-bottom:2px solid var(--line)}
    th button{font:inherit;font-weight:600;border:0;background:none;padding:6px;cursor:pointer;
    text-align:left}
    th[aria-sort=ascending] button::after{content:" ↑"}
    th[aria-sort=descending] button::after{content:" ↓"}
    td{padding:4px 6px;border-bottom:1px solid #eef1f4;vertical-align:top}
    td.name,td.use{overflow-wrap:anywhere}
    td.number{white-space:nowrap;font-variant-numeric:tabular-nums}
    tr:target{background:#fff6d6}
    .bar{display:inline-block;height:9px;margin-right:6px}
    """

  static let script = """
    (function () {
      "use strict";
      var table = document.getElementById("weights"), body = table.tBodies[0];
      var heads = Array.from(table.tHead.rows[0].cells);
      function value(row, column) {
        var cell = row.cells[column], text = cell.getAttribute("data-v");
        return text === null ? cell.textContent : text === "" ? null : Number(text);
      }
      function sort(column) {
        var up = heads[column].getAttribute("aria-sort") !== "ascending";
        heads.forEach(function (head) { head.removeAttribute("aria-sort"); });
        heads[column].setAttribute("aria-sort", up ? "ascending" : "descending");
        var rows = Array.from(body.rows).map(function (row) { return [value(row, column), row]; });
        rows.sort(function (a, b) {
          if (a[0] === null || b[0] === null) return (a[0] === null) - (b[0] === null);
          var order = a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
          return up ? order : -order;
        });
        rows.forEach(function (entry) { body.appendChild(entry[1]); });
      }
      heads.forEach(function (head, column) {
        head.firstChild.addEventListener("click", function () { sort(column); });
      });
      document.getElementById("filter").addEventListener("input", function (event) {
        var wanted = event.target.value.toLowerCase();
        Array.from(body.rows).forEach(function (row) {
          row.hidden = row.cells[0].textContent.toLowerCase().indexOf(wanted) < 0;
        });
      });
    })();
    """
}
