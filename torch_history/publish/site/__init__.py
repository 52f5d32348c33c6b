"""The reader's page: ``torch-history page`` writes a static site of what the records hold.

``model`` gathers what the templates show, ``build`` writes it. The site is read from disk, without a server or a network:
each page is whole, and ``site.js`` only filters, picks and shows what is there. ``upgrade.js`` holds the differences between any two releases.
"""
