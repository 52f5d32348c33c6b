class Uses:
    def __init__(self, session): pass
    def watch(self): pass
