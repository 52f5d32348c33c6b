def test_x(recorded):
    print(recorded.bytes())
    for v in ("2.6.0", "2.13.0"):
        r = recorded.pytest("-p", "no:xdist", version=v); print(r.stdout)
    import time; t=time.time(); r=recorded.pytest("-p","xdist.plugin", "-n","2", version="2.13.0"); print(r.stdout, time.time()-t)
    assert 0
