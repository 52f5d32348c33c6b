def train(opt, read):
    opt.zero_grad()
    return read.load("model.pt")
