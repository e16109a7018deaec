# A training script of 2017. It no longer runs; to see why: python -m helpers.notes helpers/notes/example_2017.py
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.autograd import Variable
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
digits = TensorDataset(data_tensor=torch.randn(256, 784),  # no download: noise will do
                       target_tensor=torch.LongTensor(256).random_(10))
loader = DataLoader(digits, batch_size=64, shuffle=True)

net = nn.Sequential(nn.Linear(784, 50), nn.ReLU(), nn.Linear(50, 10))
nn.init.xavier_uniform(net[0].weight)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)

for epoch in range(2):
    total = 0
    for pictures, labels in loader:
        pictures, labels = Variable(pictures), Variable(labels)
        optimizer.zero_grad()
        loss = F.nll_loss(F.log_softmax(net(pictures)), labels, size_average=False)  # the sum
        loss.backward()
        nn.utils.clip_grad_norm(net.parameters(), 5)
        optimizer.step()
        total += loss.data[0]
    print('epoch %d, loss %.3f' % (epoch, total / len(digits)))

test = Variable(torch.randn(5, 784), volatile=True)
print(F.softmax(net(test)).max(1)[1])
