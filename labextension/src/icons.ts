/** Our icons: shapes only, so that the theme gives their colour. */

import { LabIcon } from '@jupyterlab/ui-components';

/** An agent, a tool and what they send: two round nodes and a square one, as the graph draws them. */
const ORGANISM = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">
  <g class="jp-icon3" fill="#616161">
    <path d="M4.5 3.4h7v1.2h-7zM3.9 5.2l4.6 5.6-1 .8L3 6zM12.1 5.2l.9.8-4.5 5.6-1-.8z"/>
    <circle cx="3" cy="4" r="2.25"/>
    <rect x="10.75" y="1.75" width="4.5" height="4.5"/>
    <circle cx="8" cy="12.5" r="2.25"/>
  </g>
</svg>`;

export const organismIcon = new LabIcon({ name: 'xpipe_nb:organism', svgstr: ORGANISM });
