"""The site: ``torch-history page`` writes what is recorded as static pages.

``model`` gathers what is shown, ``states`` says what a behaviour does on a release, ``upgrades``
compares any two releases, ``apis`` gathers the names of torch, ``guides`` renders Markdown,
``searching`` and ``data`` are what scripts and other programs read, and ``citing`` is the edition.
``rendering`` turns it all into HTML, ``pages`` makes each page, and ``build`` writes the folder.

The site is read from disk, without a server or a network. Each page is complete without scripts,
but for the search and for other releases than the landing page begins with. ``site.js`` is on
every page; it loads what is large from ``data/`` when it is needed.
"""
