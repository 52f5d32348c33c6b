"""Publishing: answers and documents on a terminal, as Markdown, JSON, SARIF and a site."""
