"use strict";(self.rspackChunkxpipe_nb=self.rspackChunkxpipe_nb||[]).push([["style_index_css"],{"./node_modules/css-loader/dist/cjs.js!./style/index.css"(e,t,r){var a=r("./node_modules/css-loader/dist/runtime/noSourceMaps.js"),i=r.n(a),o=r("./node_modules/css-loader/dist/runtime/api.js"),n=r.n(o),s=r("./node_modules/css-loader/dist/cjs.js!./style/view.css"),l=r("./node_modules/css-loader/dist/cjs.js!./style/output.css"),d=r("./node_modules/css-loader/dist/cjs.js!./style/panel.css"),p=n()(i());p.i(s.A),p.i(l.A),p.i(d.A),p.push([e.id,`
`,""]),r.d(t,{},{A:p})},"./node_modules/css-loader/dist/cjs.js!./style/output.css"(e,t,r){var a=r("./node_modules/css-loader/dist/runtime/noSourceMaps.js"),i=r.n(a),o=r("./node_modules/css-loader/dist/runtime/api.js"),n=(r.n(o))()(i());n.push([e.id,`/* An output of an organism: the still picture, and its widget, of which one is seen. */

.xp-output > :first-child > :not(.xp-view) {
  margin: 0 8px;
}

.xp-output img {
  max-width: 100%;
}

/* A widget that is not shown yet keeps its width, so that it can be laid out before it is seen. */
.xp-output:not(.xp-mod-live) > .xp-output-live {
  visibility: hidden;
  height: 0;
  overflow: hidden;
}

.xp-output.xp-mod-live > :first-child {
  display: none;
}
`,""]),r.d(t,{},{A:n})},"./node_modules/css-loader/dist/cjs.js!./style/panel.css"(e,t,r){var a=r("./node_modules/css-loader/dist/runtime/noSourceMaps.js"),i=r.n(a),o=r("./node_modules/css-loader/dist/runtime/api.js"),n=(r.n(o))()(i());n.push([e.id,`/* The side panel and the item on the status bar; the views in the panel bring their own look. */

.xp-organisms {
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font: var(--jp-ui-font-size1) / 20px var(--jp-ui-font-family);
  overflow-y: auto;
  min-width: 250px !important;
}

.xp-organisms-blank {
  margin: 0;
  padding: 12px;
}

.xp-organisms-blank code {
  color: inherit;
  background: none;
}

.xp-organisms-head {
  padding: 4px 8px;
}

.xp-organisms-head .btn {
  min-height: 24px;
  padding: 0 4px;
  border: 0;
  background: none;
  color: inherit;
  font: inherit;
  text-decoration: underline;
  cursor: pointer;
}

.xp-organisms-head .btn:focus-visible {
  outline: 2px solid currentcolor;
  outline-offset: 1px;
}

.xp-organisms-one .xp-view {
  border-inline: 0;
}

.xp-organisms-one > .xp-output {
  overflow: visible;
}

.xp-status button {
  height: 100%;
  padding: 0 8px;
  border: 0;
  background: none;
  color: inherit;
  font: inherit;
  white-space: nowrap;
  cursor: pointer;
}

.xp-status button:hover,
.xp-status button:focus-visible {
  background: var(--jp-layout-color3);
}

.xp-status.xp-mod-blocked button {
  font-weight: 600;
}

.xp-status.xp-mod-blocked button::before {
  content: '△ ';
}
`,""]),r.d(t,{},{A:n})},"./node_modules/css-loader/dist/cjs.js!./style/view.css"(e,t,r){var a=r("./node_modules/css-loader/dist/runtime/noSourceMaps.js"),i=r.n(a),o=r("./node_modules/css-loader/dist/runtime/api.js"),n=(r.n(o))()(i());n.push([e.id,`/* The look of a live view. Everything follows the width of the view, never of the window. */

.xp-view {
  /* Surfaces, plain ink and lines come from the theme; the inks of states are ours, and reach 4.5 : 1. */
  color-scheme: light dark;
  --ui: var(--jp-ui-font-family, system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif);
  --code: var(--jp-code-font-family, Menlo, Consolas, 'DejaVu Sans Mono', monospace);
  --fs-base: var(--jp-ui-font-size1, 13px);
  --fs-dense: 12px;
  --fs-note: 11px;
  --s1: 4px;
  --s2: 8px;
  --s3: 12px;
  --s4: 16px;
  --s5: 24px;
  --row: 24px;
  --radius: var(--jp-border-radius, 2px);
  --surface: var(--jp-layout-color1, light-dark(#fff, #212121));
  --ink: var(--jp-ui-font-color1, light-dark(rgb(0 0 0 / 87%), rgb(255 255 255 / 87%)));
  --line: var(--jp-border-color2, light-dark(#e0e0e0, #424242));
  --line-strong: light-dark(#8c8c8c, #8a8a8a);
  --sunk: color-mix(in srgb, var(--ink) 4%, var(--surface));
  --bar-bg: color-mix(in srgb, var(--ink) 8%, var(--surface));
  --muted: light-dark(#5c6166, #b0b4b8);
  --active: light-dark(#0b5cad, #82b9f2);
  --active-tint: light-dark(#e8f1fb, #1c3247);
  --attn: light-dark(#855000, #e6b35a);
  --attn-tint: light-dark(#fdf3e0, #3a2e17);
  --fault: light-dark(#b3261e, #f4938b);
  --fault-tint: light-dark(#fcecea, #43241f);
  --attn-fill: light-dark(#b97400, #c98f2b);
  --used: light-dark(#5b6b7b, #8d9dad);

  container: view / inline-size;
  border: 1px solid var(--line);
  background: var(--surface);
  color: var(--ink);
  font: var(--fs-base) / 20px var(--ui);
  font-variant-numeric: tabular-nums;
  text-align: left;
}
body[data-jp-theme-light='true'] .xp-view,
body[data-vscode-theme-kind='vscode-light'] .xp-view {
  color-scheme: light;
}
body[data-jp-theme-light='false'] .xp-view,
body[data-vscode-theme-kind='vscode-dark'] .xp-view {
  color-scheme: dark;
}

/* ── base ── */
.xp-view {
  & *,
  & *::before,
  & *::after {
    box-sizing: border-box;
  }
  & [hidden] {
    display: none !important;
  }
  & :is(h3, h4, p, ol, ul, dl, dt, dd, pre) {
    margin: 0;
    padding: 0;
  }
  & :is(h3, h4) {
    font-size: var(--fs-dense);
    line-height: 16px;
    font-weight: 600;
    color: inherit;
  }
  & :is(ol, ul) {
    list-style: none;
  }
  & :is(pre, code) {
    font: var(--fs-dense) / 18px var(--code);
    color: inherit;
    background: none;
    border: 0;
    padding: 0;
  }
  & pre {
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  & svg {
    display: block;
    overflow: visible;
  }
  & svg text {
    font-family: var(--ui);
  }
  & .dense {
    font-size: var(--fs-dense);
    line-height: 16px;
  }
  & .muted {
    color: var(--muted);
  }
  & .num {
    text-align: right;
    white-space: nowrap;
  }
  & .gap {
    flex: 1;
  }
  & .row {
    display: flex;
    align-items: center;
    gap: var(--s2);
    flex-wrap: wrap;
  }
  & .st {
    display: inline-flex;
    align-items: center;
    gap: 5px;
    white-space: nowrap;
    color: var(--state);
    vertical-align: top;
  }
  & .g {
    width: 12px;
    height: 12px;
    flex: none;
    fill: none;
    stroke: currentColor;
    stroke-width: 1.5;
  }
  & :is(.processing, .running) {
    --state: var(--active);
  }
  & .attention {
    --state: var(--attn);
  }
  & :is(.error, .fault) {
    --state: var(--fault);
  }
  & :is(.idle, .waiting, .done, .pruned) {
    --state: var(--muted);
  }
  & :is(button, input) {
    font: inherit;
    color: inherit;
    margin: 0;
  }
  & .btn {
    display: inline-flex;
    align-items: center;
    gap: 5px;
    min-height: var(--row);
    padding: 0 var(--s2);
    font-size: var(--fs-dense);
    line-height: 16px;
    color: var(--ink);
    background: var(--surface);
    border: 1px solid var(--line-strong);
    border-radius: var(--radius);
    cursor: pointer;
    white-space: nowrap;
  }
  & .btn:hover {
    background: var(--sunk);
  }
  & .btn.primary {
    color: var(--surface);
    background: var(--active);
    border-color: var(--active);
  }
  & .btn.danger,
  & .btn.asks {
    color: var(--fault);
  }
  & .btn.quiet {
    border-color: transparent;
    background: none;
    text-decoration: underline;
    text-decoration-color: var(--line-strong);
    text-underline-offset: 3px;
  }
  & .btn.quiet.flush {
    margin-left: -9px;
  }
  & .btn.icon .txt {
    display: none;
  }
  & :is(.head, .row):has(.icon) {
    position: relative;
    padding-right: 40px;
  }
  & .btn.icon {
    position: absolute;
    right: var(--s2);
    top: 8px;
  }
  & .row .btn.icon {
    right: -4px;
    top: -4px;
  }
  & .btn[aria-pressed='true'] {
    background: var(--active-tint);
    border-color: var(--active);
  }
  & .btn[aria-disabled='true'] {
    color: var(--muted);
    border-color: var(--line);
    cursor: default;
  }
  & .field {
    min-height: var(--row);
    min-width: 0;
    padding: 0 var(--s2);
    font-size: var(--fs-dense);
    background: var(--surface);
    border: 1px solid var(--line-strong);
    border-radius: var(--radius);
  }
  & .field.grow {
    flex: 1 1 180px;
  }
  & .field::placeholder {
    color: var(--muted);
    opacity: 1;
  }
  & :focus-visible {
    outline: 2px solid var(--active);
    outline-offset: 1px;
    border-radius: var(--radius);
  }
  & :is(tr, li):focus-visible {
    outline-offset: -2px;
  }
  & .fresh {
    animation: xp-fresh 160ms ease-out;
  }
}
@keyframes xp-fresh {
  from {
    opacity: 0;
  }
}
@media (prefers-reduced-motion: reduce) {
  .xp-view .fresh {
    animation: none;
  }
}
@media (forced-colors: active) {
  .xp-view :is(.lane, .graph, .meter, .mini, .flame) {
    forced-color-adjust: none;
  }
}

/* ── frame line, tabs ── */
.xp-view {
  & .bar {
    display: flex;
    align-items: center;
    gap: var(--s3);
    min-height: 40px;
    padding: var(--s1) var(--s3);
    flex-wrap: wrap;
  }
  & .title {
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  & .nums {
    color: var(--muted);
    font-size: var(--fs-dense);
    white-space: nowrap;
  }
  & .nums b {
    color: var(--ink);
    font-weight: 600;
  }
  & .controls {
    display: flex;
    gap: var(--s1);
    margin-left: auto;
  }
  & .notice {
    display: flex;
    gap: var(--s2);
    align-items: center;
    flex-wrap: wrap;
    padding: var(--s1) var(--s3);
    font-size: var(--fs-dense);
    border-top: 1px solid var(--line);
  }
  & .notice > span {
    flex: 1 1 200px;
  }
  & .btn.need {
    text-decoration: none;
    padding: 0 var(--s1);
    margin-left: calc(-1 * var(--s1));
  }
  & .replay {
    display: flex;
    align-items: center;
    gap: var(--s1) var(--s2);
    flex-wrap: wrap;
    padding: var(--s1) var(--s3);
    background: var(--active-tint);
    border-bottom: 1px solid var(--line);
  }
  & .replay input {
    flex: 1 1 120px;
    min-width: 80px;
    height: var(--row);
    accent-color: var(--active);
  }
  & .replay .dense {
    white-space: nowrap;
  }
  & .notice.fault {
    background: var(--fault-tint);
  }
  & .how {
    display: inline-flex;
    gap: 5px;
  }
  & .tabs {
    display: flex;
    padding: 0 var(--s1);
    border-bottom: 1px solid var(--line);
  }
  & .tab {
    border: 0;
    background: none;
    padding: 0 var(--s2);
    height: 28px;
    font-size: var(--fs-dense);
    color: var(--muted);
    cursor: pointer;
    border-bottom: 2px solid transparent;
    margin-bottom: -1px;
    white-space: nowrap;
  }
  & .tab:hover {
    color: var(--ink);
  }
  & .tab[aria-selected='true'] {
    color: var(--ink);
    font-weight: 600;
    border-bottom-color: var(--active);
  }
  & .tab i.fault {
    color: var(--fault);
  }
  & .tab i:not(.fault) {
    color: var(--muted);
  }
  & .tab i {
    font-style: normal;
    font-weight: 400;
    margin-left: 3px;
  }
  & .panel {
    padding: var(--s3);
    overflow-x: auto;
  }
  & .room {
    overflow: auto;
  }
  & .grip {
    position: relative;
    height: 8px;
    cursor: ns-resize;
    touch-action: none;
  }
  & .grip::after {
    content: '';
    position: absolute;
    top: 3px;
    left: calc(50% - 14px);
    width: 28px;
    height: 2px;
    background: var(--line-strong);
  }
  & .grip:hover {
    background: var(--sunk);
  }
  & .sub {
    border-top: 1px solid var(--line);
  }
  & .head {
    display: flex;
    align-items: center;
    gap: var(--s2);
    min-height: 40px;
    padding: var(--s2) var(--s3);
    flex-wrap: wrap;
  }
  & .blank {
    padding: var(--s2) var(--s3);
    min-height: 40px;
    color: var(--muted);
    font-size: var(--fs-dense);
    line-height: 24px;
  }
  & .blank code {
    color: var(--ink);
  }
}

/* ── breakpoints, and what is held ── */
.xp-view {
  & textarea {
    font: inherit;
    color: inherit;
    margin: 0;
  }
  & .notice.attention {
    background: var(--attn-tint);
  }
  & .notice .acts {
    flex: none;
  }
  & .notice .editor {
    flex: 1 1 100%;
    display: grid;
    gap: var(--s2);
  }
  & textarea.field {
    width: 100%;
    padding: var(--s1) var(--s2);
    font: var(--fs-dense) / 18px var(--code);
    resize: vertical;
  }
  & .wrong {
    flex: 1 1 100%;
    color: var(--fault);
    font-size: var(--fs-dense);
    line-height: 16px;
    overflow-wrap: anywhere;
  }
  & .bp {
    color: var(--ink);
  }
  & .menu-box {
    position: relative;
    display: inline-flex;
  }
  & .has-n .n:empty {
    display: none;
  }
  & .menu {
    position: absolute;
    right: 0;
    top: calc(100% + 2px);
    z-index: 3;
    min-width: 160px;
    max-width: 320px;
    max-height: 264px;
    overflow: auto;
    padding: var(--s1) 0;
    background: var(--surface);
    border: 1px solid var(--line-strong);
    border-radius: var(--radius);
  }
  & .menu .item {
    display: flex;
    align-items: center;
    gap: var(--s2);
    min-height: var(--row);
    padding: 0 var(--s3);
    font-size: var(--fs-dense);
    cursor: pointer;
  }
  & .menu .item:hover {
    background: var(--sunk);
  }
  & .menu .item:focus-visible {
    outline-offset: -2px;
  }
  & .menu .item .mark {
    visibility: hidden;
  }
  & .menu .item[aria-checked='true'] .mark {
    visibility: visible;
  }
}

/* ── forms ── */
.xp-form {
  & .head {
    border-bottom: 1px solid var(--line);
  }
  & .form-main {
    display: grid;
    gap: var(--s3);
    padding: var(--s3);
  }
  & .form-class {
    display: grid;
    gap: var(--s2);
  }
  & .form-class .form-class {
    padding-left: var(--s3);
    border-left: 2px solid var(--line);
  }
  & .form-field {
    display: grid;
    grid-template-columns: minmax(120px, 200px) 1fr;
    gap: var(--s1) var(--s3);
    align-items: start;
  }
  & .form-class .form-class .form-field {
    grid-template-columns: minmax(80px, 140px) 1fr;
  }
  & .form-class .form-class .form-class .form-field {
    grid-template-columns: 1fr;
  }
  & .label {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s1) var(--s2);
    min-height: var(--row);
  }
  & .form-body,
  & .control {
    display: grid;
    gap: var(--s1);
    min-width: 0;
  }
  & .control > .field:not(.grow) {
    justify-self: start;
  }
  & .hint {
    font-size: var(--fs-note);
    line-height: 16px;
  }
  & select {
    font: inherit;
    color: inherit;
    margin: 0;
  }
  & .mode {
    max-width: 160px;
  }
  & textarea.field {
    min-height: var(--row);
    padding: 2px var(--s2);
    field-sizing: content;
  }
  & textarea.field:not(.xml-field) {
    font-family: var(--ui);
  }
  & [aria-invalid='true'] {
    border-color: var(--fault);
  }
  & .many > ol {
    display: grid;
    gap: var(--s1);
  }
  & .many > .btn {
    justify-self: start;
  }
  & .many .item {
    display: flex;
    align-items: start;
    gap: var(--s1);
  }
  & .many .item > .control,
  & .many .item > .form-class {
    flex: 1;
  }
  & .many .key {
    width: 120px;
  }
  & .told {
    display: grid;
    gap: var(--s2);
  }
}
@container view (max-width: 559px) {
  .xp-form .form-class .form-field.form-field {
    grid-template-columns: 1fr;
  }
}

/* ── tables ── */
.xp-view {
  & .room:has(> .rows) {
    display: flex;
    flex-direction: column;
    overflow: hidden;
  }
  & .room > * {
    flex: none;
  }
  & .room > .rows {
    flex: 0 1 auto;
    min-height: 72px;
    overflow-y: auto;
  }
  & .rows.follows {
    overflow-anchor: none;
  }
  & .room > .rows:has(~ .split:not([hidden])) {
    flex: none;
    max-height: 45%;
  }
  & .no-cells .cell {
    display: none;
  }
  & table {
    border-collapse: collapse;
    border: 0;
    width: 100%;
    margin: 0;
    font-size: var(--fs-dense);
    line-height: 16px;
    table-layout: auto;
  }
  & :is(thead, tr, th, td) {
    border: 0;
    background: none;
  }
  & th {
    position: sticky;
    top: 0;
    z-index: 1;
    text-align: left;
    font-weight: 400;
    color: var(--muted);
    background: var(--surface);
    box-shadow: inset 0 -1px var(--line);
  }
  & :is(th, td) {
    padding: var(--s1) var(--s2);
    height: var(--row);
    white-space: nowrap;
    vertical-align: middle;
    max-width: none;
    text-align: left;
  }
  & :is(th, td).num {
    text-align: right;
  }
  & :is(th, td):first-child {
    padding-left: var(--s3);
  }
  & :is(th, td):last-child {
    padding-right: var(--s3);
  }
  & .cut {
    overflow: hidden;
    text-overflow: ellipsis;
    max-width: 0;
    width: 100%;
  }
  & :is(.way, .type) {
    overflow: hidden;
    text-overflow: ellipsis;
    max-width: 240px;
  }
  & tbody tr {
    cursor: pointer;
  }
  & [aria-selected='true']:is(tr, li) {
    background: var(--active-tint);
    box-shadow: inset 2px 0 var(--active);
  }
  & :is(tbody tr, .fall li):not([aria-selected='true']):hover {
    background: var(--sunk);
  }
  & .more {
    display: flex;
    justify-content: center;
    padding: var(--s1);
  }
  & .more.top {
    position: relative;
    z-index: 2;
    height: 0;
    padding: 0;
    align-items: start;
  }
  & .more .btn {
    flex: none;
  }
}

/* ── graph: shape is kind; outline, glyph and word are state; the line says the traffic ── */
.xp-view {
  & .graph {
    width: 100%;
    height: auto;
    margin: 0 auto;
  }
  & .box {
    fill: var(--surface);
    stroke: var(--line-strong);
  }
  & .plate {
    fill: none;
    stroke: var(--line-strong);
  }
  & .node {
    cursor: pointer;
    color: var(--state);
  }
  & .node:is(.processing, .attention, .error) .box {
    stroke: var(--state);
    stroke-width: 1.5;
  }
  & .node.processing .plate {
    stroke: var(--state);
    stroke-width: 1.5;
  }
  & .node:hover .box {
    stroke: var(--ink);
  }
  & .node[aria-pressed='true'] .box {
    fill: var(--active-tint);
    stroke: var(--active);
    stroke-width: 2;
  }
  & .node:focus,
  & .node:focus-visible {
    outline: none;
  }
  & .node:focus-visible .box {
    stroke: var(--active);
    stroke-width: 3;
  }
  & .node .name {
    font-size: 12px;
    font-weight: 600;
    fill: var(--ink);
  }
  & .node .tag {
    font-size: 11px;
    fill: var(--muted);
  }
  & .node .line {
    font-size: 11px;
    fill: var(--state);
  }
  & .node.gone .name {
    fill: var(--muted);
    text-decoration: line-through;
  }
  & .edge {
    fill: none;
    stroke: var(--line-strong);
    stroke-width: 1;
  }
  & .edge.used {
    stroke: var(--used);
    stroke-width: 1.5;
  }
  & .edge.live {
    stroke: var(--active);
    stroke-width: 2;
  }
  & .edge.refused {
    stroke: var(--fault);
    stroke-width: 1.5;
    stroke-dasharray: 5 3;
  }
  & .count {
    pointer-events: none;
  }
  & .count rect {
    fill: var(--surface);
  }
  & .count text {
    font-size: 11px;
    fill: var(--ink);
  }
  & .count.live text {
    fill: var(--active);
    font-weight: 600;
  }
  & .count.refused text {
    fill: var(--fault);
  }
  & .m {
    stroke: none;
  }
  & .m.idle {
    fill: var(--line-strong);
  }
  & .m.used {
    fill: var(--used);
  }
  & .m.live {
    fill: var(--active);
  }
  & .m.refused {
    fill: none;
    stroke: var(--fault);
    stroke-width: 2;
  }
  & .legend {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1) var(--s3);
    padding: 0 var(--s3) var(--s2);
    color: var(--muted);
    font-size: var(--fs-note);
    line-height: 16px;
  }
  & .legend span {
    display: inline-flex;
    align-items: center;
    gap: 5px;
    white-space: nowrap;
  }
  & .legend svg {
    width: 22px;
    height: 12px;
    fill: none;
    stroke: var(--line-strong);
  }
  & .legend .live {
    color: var(--active);
  }
  & .legend .live path {
    stroke: var(--active);
    stroke-width: 2;
  }
  & .legend .refused {
    color: var(--fault);
  }
  & .legend .refused path {
    stroke: var(--fault);
    stroke-width: 1.5;
    stroke-dasharray: 5 3;
  }
  & .drawer {
    display: grid;
    grid-template-columns: 208px 1fr 1fr;
    gap: var(--s2) var(--s5);
    padding: var(--s2) var(--s3) var(--s3);
  }
  & .drawer:not(:has(> :nth-child(3))) {
    grid-template-columns: 1fr 1fr;
  }
  & .drawer > * {
    min-width: 0;
  }
  & .drawer h4 {
    color: var(--muted);
    font-weight: 400;
    margin-bottom: var(--s1);
  }
  & .facts {
    display: grid;
    grid-template-columns: max-content 1fr;
    align-content: start;
    gap: 2px var(--s3);
    font-size: var(--fs-dense);
    line-height: 18px;
  }
  & .facts dt {
    color: var(--muted);
    font-weight: 400;
  }
  & .facts dd {
    overflow-wrap: anywhere;
  }
  & .prose {
    font-size: var(--fs-dense);
    line-height: 18px;
    white-space: pre-line;
  }
  & .drawer .acts {
    margin-top: var(--s1);
  }
  & .xml {
    background: var(--sunk);
    padding: var(--s2);
    overflow: auto;
    max-height: 320px;
  }
  & .xml .t {
    color: var(--active);
  }
  & .xml .ch {
    font-weight: 600;
    text-decoration: underline;
    text-underline-offset: 3px;
  }
  & .xml .bad {
    color: var(--fault);
    text-decoration: underline wavy;
    text-underline-offset: 3px;
  }
}

/* ── threads: thick while its handler ran, thin while open, hollow when pruned ── */
.xp-view {
  & .split {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 272px;
  }
  & .room > .split {
    flex: 1 1 0;
    min-height: 0;
  }
  & .split > * {
    min-width: 0;
    overflow: auto;
  }
  & .split > * + * {
    border-left: 1px solid var(--line);
  }
  & .fall {
    font-size: var(--fs-dense);
    line-height: 16px;
    padding-bottom: var(--s2);
  }
  & .fall li,
  & .axis {
    display: grid;
    grid-template-columns: 214px minmax(0, 1fr) 66px;
    align-items: center;
    height: var(--row);
    padding-right: var(--s3);
  }
  & .fall li {
    cursor: pointer;
  }
  & .fold {
    position: absolute;
    left: calc(1px + var(--d, 0) * 14px);
    color: var(--muted);
  }
  & .fall li > span:first-child {
    position: relative;
    padding-left: calc(var(--s3) + var(--d, 0) * 14px);
    display: flex;
    gap: 5px;
    align-items: center;
    min-width: 0;
    white-space: nowrap;
    color: var(--state);
  }
  & .fall b {
    font-weight: 600;
    color: var(--ink);
    overflow: hidden;
    text-overflow: ellipsis;
  }
  & .fall .pl {
    color: var(--muted);
    overflow: hidden;
    text-overflow: ellipsis;
    flex: 1 0 30px;
    min-width: 0;
  }
  & .fall .pruned b {
    font-weight: 400;
    color: var(--muted);
  }
  & .fall .num {
    color: var(--muted);
  }
  & .lane {
    position: relative;
    height: 100%;
    background: repeating-linear-gradient(90deg, var(--line) 0 1px, transparent 1px 20%);
  }
  & .lane::after {
    content: '';
    position: absolute;
    left: var(--now);
    top: 0;
    bottom: 0;
    width: 1px;
    background: var(--line-strong);
  }
  & .lane i {
    position: absolute;
    top: 11px;
    height: 2px;
    left: var(--x);
    width: var(--w);
    background: var(--state, var(--used));
  }
  & .lane i.on {
    top: 7px;
    height: 10px;
    min-width: 2px;
  }
  & :is(.waiting, .idle) .lane i {
    background: var(--used);
  }
  & .pruned .lane i {
    background: var(--line-strong);
    height: 1px;
  }
  & .pruned .lane i.on {
    background: var(--surface);
    border: 1px solid var(--line-strong);
    height: 10px;
  }
  & .lane em {
    position: absolute;
    left: calc(var(--x) + 4px);
    top: 4px;
    font-style: normal;
    font-size: var(--fs-note);
    color: var(--state);
    white-space: nowrap;
    background: var(--surface);
  }
  & .lane em.before {
    left: auto;
    right: calc(var(--x) + 4px);
  }
  & .axis {
    color: var(--muted);
    font-size: var(--fs-note);
    line-height: 16px;
  }
  & .axis ol {
    display: flex;
    white-space: nowrap;
  }
  & .axis li {
    all: unset;
    width: 20%;
  }
  & .seq {
    padding: 0 var(--s3) var(--s2);
  }
  & .seq svg {
    max-width: 100%;
    height: auto;
  }
  & .seq text {
    font-size: 11px;
    fill: var(--ink);
  }
  & .seq .faultt {
    fill: var(--fault);
  }
  & .seq .activet {
    fill: var(--active);
  }
  & .life {
    stroke: var(--line-strong);
    stroke-dasharray: 2 3;
  }
  & .act {
    fill: var(--surface);
    stroke: var(--line-strong);
  }
  & .act.on {
    fill: var(--active);
    stroke: none;
  }
}

/* ── the selected message ── */
.xp-view {
  & .passage {
    padding: var(--s2) var(--s3) var(--s3);
  }
  & .foot {
    margin-top: var(--s2);
  }
  & .steps {
    display: flex;
    font-size: var(--fs-note);
    line-height: 16px;
    margin: var(--s2) 0;
    max-width: 560px;
  }
  & .steps li {
    flex: 1;
    position: relative;
    color: var(--muted);
    text-align: center;
  }
  & .steps li::before {
    content: '';
    position: absolute;
    top: 6px;
    left: -50%;
    width: 100%;
    height: 1px;
    background: var(--line-strong);
  }
  & .steps li:first-child::before {
    display: none;
  }
  & .steps button {
    all: unset;
    box-sizing: border-box;
    cursor: pointer;
    display: block;
    width: 100%;
    min-height: 32px;
    padding-top: 16px;
  }
  & .steps button:focus-visible {
    outline: 2px solid var(--active);
  }
  & .steps .g {
    position: absolute;
    top: 0;
    left: calc(50% - 6px);
    background: var(--surface);
  }
  & .steps [aria-current] {
    color: var(--ink);
    font-weight: 600;
  }
  & .steps .fault {
    color: var(--fault);
  }
  & .why {
    font-size: var(--fs-dense);
    line-height: 18px;
    margin: var(--s2) 0;
    overflow-wrap: anywhere;
  }
}

/* ── budgets: solid is used, hatched is reserved ── */
.xp-view {
  & .budget {
    display: grid;
    grid-template-columns: 184px minmax(0, 1fr) 178px 112px;
    gap: 0 var(--s3);
    align-items: center;
    min-height: 36px;
    padding: var(--s1) var(--s3);
    font-size: var(--fs-dense);
    line-height: 16px;
  }
  & .budget .nums {
    color: inherit;
  }
  & .budget.scale {
    min-height: 0;
    padding-top: 0;
    padding-bottom: 0;
  }
  & .account + .account {
    border-top: 1px solid var(--line);
  }
  & .who {
    display: flex;
    align-items: center;
    gap: var(--s1);
    min-width: 0;
  }
  & .pick {
    min-width: var(--row);
    min-height: var(--row);
    padding: 0;
    border: 0;
    background: none;
    font-weight: 600;
    text-align: left;
    cursor: pointer;
  }
  & .pick:hover {
    text-decoration: underline;
    text-underline-offset: 3px;
  }
  & .pick[aria-pressed='true'] {
    text-decoration: underline;
    text-decoration-thickness: 2px;
    text-decoration-color: var(--active);
    text-underline-offset: 3px;
  }
  & .budget .acts {
    display: flex;
    gap: var(--s1);
    justify-content: flex-end;
  }
  & .budget .acts.endless .btn:not(.danger) {
    display: none;
  }
  & .meter {
    position: relative;
    height: 10px;
    background: var(--bar-bg);
  }
  & .meter i {
    position: absolute;
    inset: 0 auto 0 0;
    width: var(--u);
    background: var(--fill, var(--used));
  }
  & .meter i.res {
    left: var(--u);
    width: var(--r);
    background: repeating-linear-gradient(135deg, var(--fill, var(--used)) 0 2px, transparent 2px 5px);
  }
  & .meter.attention {
    --fill: var(--attn-fill);
  }
  & .meter.fault {
    --fill: var(--fault);
  }
  & .meter u {
    position: absolute;
    top: -3px;
    bottom: -3px;
    left: var(--t);
    width: 1px;
    background: var(--ink);
    opacity: 0.55;
  }
  & .ticks {
    position: relative;
    height: 14px;
    color: var(--muted);
    font-size: var(--fs-note);
    line-height: 14px;
  }
  & .ticks span {
    position: absolute;
    white-space: nowrap;
    left: var(--t);
    transform: translateX(-50%);
  }
  & .raise {
    display: flex;
    gap: var(--s1) var(--s2);
    align-items: center;
    flex-wrap: wrap;
    padding: var(--s2) var(--s3);
    background: var(--sunk);
    font-size: var(--fs-dense);
    border-top: 1px solid var(--line);
  }
  & .raise .field.num {
    width: 76px;
  }
  & .wrong {
    flex-basis: 100%;
    color: var(--fault);
    font-size: var(--fs-dense);
    line-height: 18px;
    overflow-wrap: anywhere;
  }
  & p.wrong {
    margin: var(--s1) 0;
  }
  & .flame {
    position: relative;
    margin: 0 var(--s3);
  }
  & .flame button {
    position: absolute;
    top: calc(var(--d) * 25px);
    left: var(--x);
    width: calc(var(--w) - 1px);
    height: 24px;
    border: 0;
    padding: 0 5px;
    text-align: left;
    font-size: var(--fs-note);
    line-height: 24px;
    color: var(--ink);
    background: var(--bar-bg);
    overflow: hidden;
    white-space: nowrap;
    text-overflow: clip;
    cursor: pointer;
  }
  & .flame .closed {
    color: var(--muted);
  }
  & .flame .self {
    background: none;
    color: var(--muted);
    box-shadow: inset 0 0 0 1px var(--bar-bg);
  }
  & .flame .res {
    background: repeating-linear-gradient(135deg, var(--bar-bg) 0 2px, transparent 2px 5px);
    color: var(--muted);
  }
  & .flame .failed {
    color: var(--fault);
  }
  & .flame .sel {
    background: var(--active-tint);
    box-shadow: inset 0 0 0 1px var(--active);
  }
  & .flame button:focus-visible {
    outline-offset: -2px;
  }
}

/* ── what waits for a person, and what a person writes ── */
.xp-view {
  & .ask {
    border-top: 0;
    margin-bottom: var(--s1);
  }
  & .ask .said {
    flex: 1 1 160px;
    min-width: 0;
    overflow-wrap: anywhere;
  }
  & .ask .answer {
    display: flex;
    flex: 1 1 220px;
    flex-wrap: wrap;
    gap: var(--s1);
    min-width: 0;
  }
  & .fall .num .btn {
    padding: 0 6px;
    min-height: 24px;
  }
  & .editor textarea {
    display: block;
    width: 100%;
    padding: var(--s2);
    font: var(--fs-dense) / 18px var(--code);
    color: inherit;
    background: var(--sunk);
    resize: vertical;
  }
  & .vh {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
  }
}

/* ── workers ── */
.xp-view {
  & .mini {
    display: inline-block;
    position: relative;
    width: 72px;
    height: 6px;
    background: var(--bar-bg);
    vertical-align: 1px;
    margin-right: var(--s2);
  }
  & .mini i {
    position: absolute;
    inset: 0 auto 0 0;
    width: var(--u);
    background: var(--state, var(--used));
  }
  & .mini.attention i {
    background: var(--attn-fill);
  }
  & .only-narrow {
    display: none;
  }
  & .tall td {
    height: 28px;
  }
  & td:has(.btn) {
    padding-top: 0;
    padding-bottom: 0;
  }
}

/* ── narrow: one column, no sideways scroll, labels give way to icons ── */
@container view (max-width: 559px) {
  .xp-view {
    & .bar {
      gap: var(--s1) var(--s2);
      padding: var(--s2) var(--s3);
    }
    & .bar::before {
      content: '';
      order: 1;
      flex-basis: 100%;
      margin-top: calc(-1 * var(--s1));
    }
    & .bar .nums {
      order: 2;
    }
    & .bar .controls {
      order: 3;
    }
    & .bar .need {
      margin: 0 calc(-1 * var(--s1)) 0 auto;
    }
    & .only-narrow {
      display: block;
      color: var(--muted);
    }
    & .only-narrow.attention {
      color: var(--attn);
    }
    & .mini {
      width: 36px;
      margin-right: var(--s1);
    }
    & .budget {
      grid-template-columns: 1fr auto;
      gap: var(--s1) var(--s2);
      padding: var(--s2) var(--s3);
    }
    & .raise .gap {
      flex-basis: 100%;
    }
    & .budget .bar2 {
      grid-column: 1 / -1;
      grid-row: 2;
    }
    & .budget .nums {
      grid-row: 3;
      text-align: left;
    }
    & .budget .acts {
      grid-row: 3;
    }
    & .tabs {
      justify-content: space-between;
      padding: 0 6px;
      flex-wrap: wrap;
    }
    & .tab {
      padding: 0 5px;
    }
    & .controls .btn:not(.asks) {
      width: 28px;
      padding: 0;
      justify-content: center;
    }
    & .controls .btn:not(.asks) .txt,
    & .hide-narrow,
    & .fall .pl,
    & .lane em,
    & .tab i:not(.fault),
    & .tab i .txt {
      display: none;
    }
    & .tab i.fault {
      margin-left: 1px;
    }
    & :is(.drawer, .drawer:not(:has(> :nth-child(3))), .split) {
      grid-template-columns: minmax(0, 1fr);
    }
    & .room:has(> .split) {
      overflow: auto;
    }
    & .room > .split {
      flex: none;
    }
    & .room > .rows:has(~ .split:not([hidden])) {
      max-height: 150px;
    }
    & .split > * + * {
      border-left: 0;
      border-top: 1px solid var(--line);
    }
    & .fall li,
    & .axis {
      grid-template-columns: 146px minmax(0, 1fr) 62px;
    }
    & .axis li:nth-child(even) {
      visibility: hidden;
    }
    & .field.grow {
      flex-basis: 100%;
    }
    & :is(th, td) {
      padding: var(--s1);
    }
    & .msgs :is(th, td):nth-child(2) {
      padding-left: var(--s3);
    }
    & .msgs td.way {
      max-width: 0;
      width: 100%;
    }
    & .msgs td:last-child .st {
      font-size: 0;
      gap: 0;
    }
    & .msgs th:last-child {
      font-size: 0;
    }
    & .steps {
      display: grid;
      grid-template-columns: repeat(3, 1fr);
      gap: var(--s1) 0;
    }
    & .steps li:nth-child(4)::before {
      display: none;
    }
  }
}

/* A side bar may shrink to 250 px: one more column goes, the tabs may wrap. */
@container view (max-width: 307px) {
  .xp-view {
    & .hide-tiny {
      display: none;
    }
    & .bar .nums,
    & .st {
      white-space: normal;
    }
    & .budget .acts {
      grid-row: 4;
      grid-column: 1 / -1;
      justify-content: flex-start;
    }
    & .tabs {
      justify-content: flex-start;
    }
    & .cut {
      max-width: none;
      white-space: normal;
    }
    & .fall li,
    & .axis {
      grid-template-columns: 132px minmax(0, 1fr) 58px;
    }
  }
}
`,""]),r.d(t,{},{A:n})},"./node_modules/css-loader/dist/runtime/api.js"(e){e.exports=function(e){var t=[];return t.toString=function(){return this.map(function(t){var r="",a=void 0!==t[5];return t[4]&&(r+="@supports (".concat(t[4],") {")),t[2]&&(r+="@media ".concat(t[2]," {")),a&&(r+="@layer".concat(t[5].length>0?" ".concat(t[5]):""," {")),r+=e(t),a&&(r+="}"),t[2]&&(r+="}"),t[4]&&(r+="}"),r}).join("")},t.i=function(e,r,a,i,o){"string"==typeof e&&(e=[[null,e,void 0]]);var n={};if(a)for(var s=0;s<this.length;s++){var l=this[s][0];null!=l&&(n[l]=!0)}for(var d=0;d<e.length;d++){var p=[].concat(e[d]);a&&n[p[0]]||(void 0!==o&&(void 0===p[5]||(p[1]="@layer".concat(p[5].length>0?" ".concat(p[5]):""," {").concat(p[1],"}")),p[5]=o),r&&(p[2]&&(p[1]="@media ".concat(p[2]," {").concat(p[1],"}")),p[2]=r),i&&(p[4]?(p[1]="@supports (".concat(p[4],") {").concat(p[1],"}"),p[4]=i):p[4]="".concat(i)),t.push(p))}},t}},"./node_modules/css-loader/dist/runtime/noSourceMaps.js"(e){e.exports=function(e){return e[1]}},"./style/index.css"(e,t,r){r.r(t);var a=r("./node_modules/style-loader/dist/runtime/injectStylesIntoStyleTag.js"),i=r.n(a),o=r("./node_modules/style-loader/dist/runtime/styleDomAPI.js"),n=r.n(o),s=r("./node_modules/style-loader/dist/runtime/insertBySelector.js"),l=r.n(s),d=r("./node_modules/style-loader/dist/runtime/setAttributesWithoutAttributes.js"),p=r.n(d),c=r("./node_modules/style-loader/dist/runtime/insertStyleElement.js"),v=r.n(c),f=r("./node_modules/style-loader/dist/runtime/styleTagTransform.js"),u=r.n(f),g=r("./node_modules/css-loader/dist/cjs.js!./style/index.css"),h={};h.styleTagTransform=u(),h.setAttributes=p(),h.insert=l().bind(null,"head"),h.domAPI=n(),h.insertStyleElement=v(),i()(g.A,h);let m=g.A&&g.A.locals?g.A.locals:void 0;r.d(t,{},{default:m})},"./node_modules/style-loader/dist/runtime/injectStylesIntoStyleTag.js"(e){var t=[];function r(e){for(var r=-1,a=0;a<t.length;a++)if(t[a].identifier===e){r=a;break}return r}function a(e,a){for(var i={},o=[],n=0;n<e.length;n++){var s=e[n],l=a.base?s[0]+a.base:s[0],d=i[l]||0,p="".concat(l," ").concat(d);i[l]=d+1;var c=r(p),v={css:s[1],media:s[2],sourceMap:s[3],supports:s[4],layer:s[5]};if(-1!==c)t[c].references++,t[c].updater(v);else{var f=function(e,t){var r=t.domAPI(t);return r.update(e),function(t){t?(t.css!==e.css||t.media!==e.media||t.sourceMap!==e.sourceMap||t.supports!==e.supports||t.layer!==e.layer)&&r.update(e=t):r.remove()}}(v,a);a.byIndex=n,t.splice(n,0,{identifier:p,updater:f,references:1})}o.push(p)}return o}e.exports=function(e,i){var o=a(e=e||[],i=i||{});return function(e){e=e||[];for(var n=0;n<o.length;n++){var s=r(o[n]);t[s].references--}for(var l=a(e,i),d=0;d<o.length;d++){var p=r(o[d]);0===t[p].references&&(t[p].updater(),t.splice(p,1))}o=l}}},"./node_modules/style-loader/dist/runtime/insertBySelector.js"(e){var t={};e.exports=function(e,r){var a=function(e){if(void 0===t[e]){var r=document.querySelector(e);if(window.HTMLIFrameElement&&r instanceof window.HTMLIFrameElement)try{r=r.contentDocument.head}catch(e){r=null}t[e]=r}return t[e]}(e);if(!a)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");a.appendChild(r)}},"./node_modules/style-loader/dist/runtime/insertStyleElement.js"(e){e.exports=function(e){var t=document.createElement("style");return e.setAttributes(t,e.attributes),e.insert(t,e.options),t}},"./node_modules/style-loader/dist/runtime/setAttributesWithoutAttributes.js"(e,t,r){e.exports=function(e){var t=r.nc;t&&e.setAttribute("nonce",t)}},"./node_modules/style-loader/dist/runtime/styleDomAPI.js"(e){e.exports=function(e){if("u"<typeof document)return{update:function(){},remove:function(){}};var t=e.insertStyleElement(e);return{update:function(r){var a,i,o;a="",r.supports&&(a+="@supports (".concat(r.supports,") {")),r.media&&(a+="@media ".concat(r.media," {")),(i=void 0!==r.layer)&&(a+="@layer".concat(r.layer.length>0?" ".concat(r.layer):""," {")),a+=r.css,i&&(a+="}"),r.media&&(a+="}"),r.supports&&(a+="}"),(o=r.sourceMap)&&"u">typeof btoa&&(a+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(o))))," */")),e.styleTagTransform(a,t,e.options)},remove:function(){var e;null===(e=t).parentNode||e.parentNode.removeChild(e)}}}},"./node_modules/style-loader/dist/runtime/styleTagTransform.js"(e){e.exports=function(e,t){if(t.styleSheet)t.styleSheet.cssText=e;else{for(;t.firstChild;)t.removeChild(t.firstChild);t.appendChild(document.createTextNode(e))}}}}]);