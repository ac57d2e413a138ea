"use strict";
(function () {
  var holder = document.getElementById("data");
  var data = holder ? JSON.parse(holder.textContent) : { layers: [], charts: [] };
  var hues = [212, 24, 140, 280, 340, 60, 180, 310];
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  var drawn = [];

  function css(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function short(value) {
    return value === null || value === undefined ? "-" : Number(value.toPrecision(3)).toString();
  }

  function plot(chart, n) {
    var target = document.getElementById("chart" + n);
    var axis = { stroke: css("--quiet"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line") } };
    function shown(v) { return chart.names ? (chart.names[v] === undefined ? "" : chart.names[v]) : short(v); }
    var series = [{ label: chart.label, value: function (u, v) { return v === null ? "-" : shown(v); } }];
    chart.series.forEach(function (each, i) {
      var colour = "hsl(" + hues[i % hues.length] + " 75% " + (dark.matches ? "65%" : "42%") + ")";
      series.push({
        label: each.name, stroke: colour, fill: undefined, width: 2, paths: each.points ? function () { return null; } : undefined,
        points: { show: !!each.points, size: 6, fill: colour }, value: function (u, v) { return short(v); }
      });
    });
    target.textContent = "";
    drawn.push(new uPlot({
      width: Math.max(280, target.clientWidth), height: 220,
      scales: {
        x: { time: false, range: function (u, low, high) { var room = (high - low) * 0.03 || 0.5; return [low - room, high + room]; } },
        y: { range: function (u, low, high) { var room = (high - low) * 0.05 || Math.abs(high) * 0.05 || 1; return [low - room, high + room]; } }
      },
      axes: [
        Object.assign({}, axis, { values: function (u, at) { return at.map(shown); } }),
        Object.assign({}, axis, { size: 64, values: function (u, at) { return at.map(short); } })
      ],
      series: series
    }, [chart.x].concat(chart.series.map(function (each) { return each.values; })), target));
  }

  function draw() {
    drawn.forEach(function (chart) { chart.destroy(); });
    drawn = [];
    if (typeof uPlot === "undefined") { return; }
    var places = data.layers.map(function (name, i) { return i; });
    data.charts.forEach(function (chart, n) {
      if (chart.x) { plot(chart, n); return; }
      var target = document.getElementById("chart" + n);
      var axis = { stroke: css("--quiet"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line") } };
      var series = [{ label: "layer", value: function (u, i) { return i === null ? "-" : data.layers[i]; } }];
      chart.series.forEach(function (each, i) {
        var colour = "hsl(" + hues[i % hues.length] + " 75% " + (dark.matches ? "65%" : "42%") + ")";
        series.push({
          label: each.name, stroke: colour, width: 2, dash: i < hues.length ? undefined : [6, 4],
          points: { show: data.layers.length < 2 }, value: function (u, v) { return short(v); }
        });
      });
      target.textContent = "";
      drawn.push(new uPlot({
        width: Math.max(280, target.clientWidth), height: 220,
        scales: { x: { time: false }, y: { range: function (u, low, high) { return [0, high > 0 ? high * 1.05 : 1]; } } },
        axes: [
          Object.assign({}, axis, {
            values: function (u, at) {
              return at.map(function (v) {
                return Number.isInteger(v) && data.layers[v] !== undefined ? data.layers[v].replace(/^.*\./, "") : "";
              });
            }
          }),
          Object.assign({}, axis, { size: 64, values: function (u, at) { return at.map(short); } })
        ],
        series: series
      }, [places].concat(chart.series.map(function (each) { return each.values; })), target));
    });
  }

  function key(row, column) {
    var cell = row.cells[column];
    var number = cell.getAttribute("data-v");
    return number === null ? cell.textContent : number === "" ? -Infinity : parseFloat(number);
  }

  function sortable(table) {
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("click", function () {
        var down = head.getAttribute("aria-sort") !== "descending";
        Array.prototype.forEach.call(head.parentNode.cells, function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        var rows = Array.prototype.slice.call(table.tBodies[0].rows);
        rows.sort(function (a, b) {
          var x = key(a, column), y = key(b, column);
          var order = x < y ? -1 : x > y ? 1 : 0;
          return down ? -order : order;
        });
        rows.forEach(function (row) { table.tBodies[0].appendChild(row); });
      });
    });
  }

  function filtered(table) {
    var words = document.getElementById("name-filter"), kinds = document.getElementById("kind-filter"), count = document.getElementById("count");
    if (!words) { return; }
    function apply() {
      var text = words.value.toLowerCase(), kind = kinds.value, shown = 0;
      Array.prototype.forEach.call(table.tBodies[0].rows, function (row) {
        var fits = row.cells[0].textContent.toLowerCase().indexOf(text) >= 0 && (kind === "" || row.cells[1].textContent === kind);
        row.hidden = !fits;
        shown += fits ? 1 : 0;
      });
      count.textContent = shown + " of " + table.tBodies[0].rows.length;
    }
    words.addEventListener("input", apply);
    kinds.addEventListener("change", apply);
    apply();
  }

  Array.prototype.forEach.call(document.querySelectorAll("table.sorts"), sortable);
  var tensors = document.getElementById("tensors");
  if (tensors) { filtered(tensors); }
  Array.prototype.forEach.call(document.querySelectorAll(".scripted"), function (each) { each.hidden = false; });
  draw();
  if (dark.addEventListener) { dark.addEventListener("change", draw); }
  var waiting;
  window.addEventListener("resize", function () { clearTimeout(waiting); waiting = setTimeout(draw, 150); });
})();
