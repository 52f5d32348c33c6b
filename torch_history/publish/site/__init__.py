"""The site: ``torch-history page`` writes what is recorded as static pages.

``model`` gathers what the templates show, ``rendering`` turns it into HTML, and ``build`` writes
the folder. The site is read from disk, without a server or a network. Each page is complete;
``site.js`` only filters it. ``upgrade.js`` holds the differences between any two releases.
"""
