// A page that has moved: the address leads on, with what stands behind its #.
"use strict";
location.replace(document.currentScript.dataset.to + location.hash);
