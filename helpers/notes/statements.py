"""What the reading notes of 2017 say, as data: their statements, their calls, and the releases since.

Every line of code in here is text; ``helpers.notes.audit`` runs it, over the names that it gives.
"""

from dataclasses import dataclass

SLIP = "slip"  # in the place of a release: it was wrong when it was written


@dataclass(frozen=True)
class Statement:
    """One statement of the notes.

    Attributes:
        number: C01 to C54.
        section: of the notes, with its subject where the section is long.
        term: the notes' own word for it; '' where they have only code.
        since: '' if the statement holds, the release that changed it, or ``SLIP``.
        says: the statement in our words.
        line: the statement as an expression: true where it holds today, false where it does not.
        now: what is true instead, as an expression; '' if the statement holds.
        note: what there is to add today.
    """

    number: str
    section: str
    term: str
    since: str
    says: str
    line: str
    now: str = ""
    note: str = ""


@dataclass(frozen=True)
class OldCall:
    """A call as it was written in 2017, and today's.

    Attributes:
        old: as one would type it.
        new: today's, for the same result.
        state: of the old call today: 'gone' (an error), 'warns', 'differs' (another result) or 'runs'.
        since: the release that gave it up or brought the better one; '' if not known; ``SLIP`` if it never was a call.
        where: the book's place for it: the number of a statement, or a page's number and the English part of a heading.
        then: what the old call once gave, in short, if it gives something else today.
        run_old: what is run in the place of ``old``, which does not stand alone.
        run_new: the same for ``new``.
    """

    old: str
    new: str
    state: str
    since: str
    where: str
    then: str = ""
    run_old: str = ""
    run_new: str = ""


# fmt: off
STATEMENTS = (
    Statement("C01", "2.1", "安装和配置", "",
              "pip installs torch and torchvision",
              "all(environment.installed(name) for name in ('torch', 'torchvision'))"),
    Statement("C02", "2.1", "快速入门", "",
              "`Tensor(3, 4)` makes a tensor of 3 x 4",
              "torch.Tensor(3, 4).shape == (3, 4)",
              note="its values are whatever lay in memory"),
    Statement("C03", "2.1", "执行时间", "",
              "`%timeit` times a statement",
              "magic('timeit -n 1 -r 1 -q -o sum(range(999))').best > 0"),
    Statement("C04", "2.1", "输入历史", "",
              "`%hist` lists what was typed",
              "magic('hist -n 1').lstrip().startswith('1:')"),
    Statement("C05", "2.2.2", "核心类", "0.4",
              "`Variable` is the core class of autograd",
              "type(Variable(t)) is Variable",
              "type(Variable(t)) is torch.Tensor",
              note="a Tensor is all there is"),
    Statement("C06", "2.2.2", "包含的Tensor", "0.4",
              "a Variable wraps a Tensor, its `data`",
              "type(w.data) is not type(w)",
              "type(w) is torch.Tensor and w.detach().data_ptr() == w.data_ptr()",
              note="nothing is wrapped; `detach()` is the safe way"),
    Statement("C07", "2.2.2", "梯度", "0.4",
              "`grad` is a Variable and no Tensor; it has the shape of `data`",
              "not isinstance(w.grad, torch.Tensor)",
              "type(w.grad) is torch.Tensor and w.grad.shape == w.shape",
              note="it is a Tensor; the shape holds"),
    Statement("C08", "2.2.2", "反向传播", "",
              "`grad_fn` is the function that computes the gradient of the input",
              "(w**2).grad_fn(torch.ones(2)).equal(2 * w) and w.grad_fn is None"),
    Statement("C09", "2.2.2", "模块化接口", "",
              "autograd differentiates, with much work by hand; `torch.nn` is built on it",
              "all(p.requires_grad for p in net.parameters()) and net(pictures).grad_fn is not None"),
    Statement("C10", "2.2 nn", "神经网络", "",
              "a network is a subclass of `nn.Module`: layers in `__init__`, and `forward`",
              "isinstance(net, nn.Module) and net(pictures).shape == (4, 10)"),
    Statement("C11", "2.2 nn", "", "",
              "`print(net)` shows its layers",
              "all(f'({name}): {layer}' in str(net) for name, layer in net.named_children())"),
    Statement("C12", "2.2 nn", "", "",
              "`named_parameters` gives names and sizes",
              "[len(sizes := [p.numel() for _, p in net.named_parameters()]), sum(sizes)] == [10, 61706]",
              note="LeNet has 10 tensors, 61,706 numbers"),
    Statement("C13", "2.2 nn", "自动求导", "0.4",
              "input and output are Variables; a Tensor cannot be differentiated",
              "not hasattr(torch.Tensor, 'requires_grad')",
              "type(net(pictures)) is torch.Tensor and net(pictures).requires_grad",
              note="Tensors, with `requires_grad`"),
    Statement("C14", "2.2 nn", "一个样本", "1.11",
              "layers take batches only; a single sample needs `unsqueeze(0)`",
              "raises(RuntimeError, net.conv1, pictures[0])",
              "net.conv1(pictures[0]).allclose(net.conv1(pictures[0].unsqueeze(0))[0], atol=1e-6)",
              note="most layers take one sample"),
    Statement("C15", "2.2 nn", "4维", "1.11",
              "`Conv2d` takes four dimensions: samples, channels, height, width",
              "raises(RuntimeError, net.conv1, torch.zeros(1, 32, 32))",
              "net.conv1(torch.zeros(1, 32, 32)).shape == net.conv1(pictures).shape[1:] == (6, 28, 28)",
              note="three will do; the order holds"),
    Statement("C16", "2.2 nn", "均方误差", SLIP,
              "`MESLoss` is the mean squared error",
              "hasattr(nn, 'MESLoss')",
              "nn.MSELoss()(x, 2 * x) == (x**2).mean()",
              note="`MSELoss`"),
    Statement("C17", "2.2 nn", "交叉熵", "",
              "`CrossEntropyLoss` is cross entropy",
              "nn.CrossEntropyLoss()(x, index[0]).allclose(-x.log_softmax(1)[[0, 1], index[0]].mean())",
              note="it takes raw scores"),
    Statement("C18", "2.2 CIFAR", "图像数据加载", "",
              "torchvision loads ImageNet, CIFAR-10 and MNIST",
              "all(hasattr(datasets, name) for name in ('ImageNet', 'CIFAR10', 'MNIST'))",
              note="ImageNet only from a copy of your own"),
    Statement("C19", "2.2 CIFAR", "数据转换", "",
              "torchvision has the usual transforms",
              "v2.functional.to_image(picture).shape == transforms.ToTensor()(picture).shape == (3, 32, 32)",
              note="today's are in `v2`"),
    Statement("C20", "2.2 CIFAR", "分类步骤", "",
              "five steps: load, define a net, define loss and optimiser, train, test",
              "(losses := five_steps(train, test))[-1] < losses[0]"),
    Statement("C21", "2.2 CIFAR", "彩色图片数据集", "",
              "CIFAR-10 is a set of colour pictures",
              "(len(train) + len(test), picture.size, picture.mode, len(train.classes)) == (60_000, (32, 32), 'RGB',"
              " 10)",
              note="60,000 of 32 x 32, ten classes"),
    Statement("C22", "2.2 CIFAR", "按下标访问", "",
              "a Dataset is indexed and gives data and label",
              "[type(part).__name__ for part in train[0]] == ['Image', 'int']"),
    Statement("C23", "2.2 CIFAR", "可迭代", "",
              "a DataLoader is iterable and joins samples to batches",
              "next(iter(DataLoader(pairs, batch_size=4)))[0].shape == (4, 3, 32, 32)"),
    Statement("C24", "2.2 CIFAR", "多线程", SLIP,
              "it loads with threads, and shuffles",
              "worker_ids() == {os.getpid()}",
              "os.getpid() not in worker_ids() and sorted(DataLoader(range(9), shuffle=True)) == [*range(9)]",
              note="worker processes; shuffling holds"),
    Statement("C25", "2.2 CIFAR", "遍历", "",
              "one pass over the DataLoader is one pass over the Dataset",
              "sum(len(y) for _, y in DataLoader(pairs, batch_size=4)) == len(pairs)"),
    Statement("C26", "2.2 CIFAR", "训练流程: 前向传播+反向传播", "",
              "every training: input, forward and backward, update",
              "all(new.allclose(p - 0.1 * grad) for p, grad, new in one_step(net, pictures, lr=0.1))",
              note="the notes leave out zeroing"),
    Statement("C27", "3 shapes", "元素总数", "",
              "`view` changes the shape, not the number of elements",
              "x.view(3, 2).numel() == x.numel() and raises(RuntimeError, x.view, 4, 2)",
              note="and the strides must allow it"),
    Statement("C28", "3 shapes", "共享内存, 联动", "",
              "a view shares memory: change one, and the other has changed",
              "(y := x.clone()).view(6)[0].fill_(9) == y[0, 0] == 9"),
    Statement("C29", "3 shapes", "修改维度", SLIP,
              "`unsqueeze` and `sequeeze` add and drop a dimension",
              "hasattr(torch.Tensor, 'sequeeze')",
              "x.unsqueeze(1).shape == (2, 1, 3) and x.unsqueeze(1).squeeze(1).shape == (2, 3)",
              note="`squeeze`; what they do holds"),
    Statement("C30", "3 shapes", "分配新的内存空间", SLIP,
              "`resize` changes the number of elements; more memory is taken, old data is kept",
              "not raises(RuntimeError, x.resize, 4, 2)",
              "x.clone().resize_(4, 2).flatten()[:6].equal(x.flatten()) and x.clone().resize_(2).resize_(2,"
              " 3).equal(x)",
              note="`resize_`, with an underscore; what it does holds"),
    Statement("C31", "3 indexing", "指定维度", "",
              "`index_select(input, dim, index)` picks along one dimension",
              "x.index_select(1, index[0]).equal(torch.stack([x[:, k] for k in index[0]], dim=1))"),
    Statement("C32", "3 indexing", "使用ByteTensor进行选取", "1.2",
              "`masked_select` and `a[a > 0]` pick by a ByteTensor",
              "(x > 2).dtype == torch.uint8",
              "(x > 2).dtype == torch.bool and x.masked_select(x > 2).tolist() == [3, 4, 5]",
              note="a mask is bool"),
    Statement("C33", "3 indexing", "非0元素的下标", SLIP,
              "`non_zero` gives the places of what is not zero",
              "hasattr(torch, 'non_zero')",
              "torch.tensor([[0, 7], [5, 0]]).nonzero().tolist() == [[0, 1], [1, 0]]",
              note="`nonzero`"),
    Statement("C34", "3 indexing", "选取数据", "",
              "`gather`: `out[i][j]` is `input[index[i][j]][j]` for dim 0, `input[i][index[i][j]]` for dim 1",
              "all(x.gather(0, index)[i, j] == x[index[i, j], j] and x.gather(1, index)[i, j] == x[i, index[i, j]]"
              " for i in (0, 1) for j in (0, 1))"),
    Statement("C35", "3 indexing", "逆操作", "",
              "`scatter_` puts back, in place, what `gather` took: nearly its inverse",
              "(out := torch.zeros(2, 3)).scatter_(1, order, x.gather(1, order)) is out and out.equal(x)",
              note="exact if the index is a permutation"),
    Statement("C36", "3 indexing", "近似逆操作", SLIP,
              "`out = Tensor()`, then `out.scatter_(dim, index)`",
              "not raises(TypeError, torch.Tensor().scatter_, 1, order)",
              "torch.zeros(2, 3).scatter_(1, order, x.gather(1, order)).equal(x)",
              note="a source is missing, and room for it"),
    Statement("C37", "3 indexing", "高级索引", "",
              "advanced indexing mostly does not share memory",
              "x[[0, 1]].data_ptr() != x.data_ptr() == x[0:2].data_ptr()",
              note="today without the 'mostly'"),
    Statement("C38", "3 types", "数据类型: 有符号/无符号整形, 浮点", "",
              "tensors have types, each for CPU and GPU: eight names",
              "all(getattr(torch, f'{name}Tensor').dtype == getattr(torch.cuda, f'{name}Tensor').dtype for name in"
              " 'Float Double Half Byte Char Short Int Long'.split())",
              note="there are more today"),
    Statement("C39", "3 types", "半精度", "1.6",
              "half precision is for the GPU alone",
              "raises(RuntimeError, torch.add, half, half)",
              "half.device.type == 'cpu' and (half + half).tolist() == [2, 4]",
              note="CPUs compute with it too"),
    Statement("C40", "3 types", "默认", "2.1",
              "the default is FloatTensor; `set_deault_tensor_type` changes it",
              "not warns(torch.set_default_tensor_type, torch.FloatTensor)",
              "torch.zeros(1).dtype == torch.float32 and zeros_with_default(torch.float64).dtype == torch.float64",
              note="deprecated for `set_default_dtype` and `set_default_device` (and misspelt)"),
    Statement("C41", "3 types", "内存/显存", "",
              "a (1000, 1000, 1000) FloatTensor takes 4 GB",
              "torch.empty(1000, 1000, 1000, device='meta').nbytes == 4e9"),
    Statement("C42", "3 types", "溢出", "",
              "half precision takes half the memory and overflows easily",
              "2 * x.half().nbytes == x.nbytes and torch.tensor(65520.0).half() == torch.inf"),
    Statement("C43", "3 types", "相互转换", "",
              "`type(new_type)` converts; `float`, `long`, `half` are short for it",
              "x.type(torch.LongTensor).dtype == x.long().dtype == torch.int64 and x.half().float().equal(x)",
              note="`to` is the general way"),
    Statement("C44", "3 types", "互相转换", "",
              "`cuda` and `cpu` move between devices",
              "x.to(device).cpu().equal(x) and (not torch.cuda.is_available() or x.cuda().is_cuda)",
              note="`to(device)` is the general way"),
    Statement("C45", "3 math", "逐元素操作: 绝对值/平方根/除法/指数/求余/求幂", "",
              "element by element: `abs` `sqrt` `div` `exp` `fmod` `log` `pow`",
              "all(as_in_python(f) for f in 'abs sqrt div exp fmod log pow'.split())"),
    Statement("C46", "3 math", "三角函数", "",
              "`cos` `sin` `asin` `atan2` `cosh`",
              "all(as_in_python(f) for f in 'cos sin asin atan2 cosh'.split())"),
    Statement("C47", "3 math", "上取整/四舍五入/下取整/只保留整数部分", "",
              "`ceil` `round` `floor` `trunc`",
              "all(as_in_python(f) for f in 'ceil round floor trunc'.split())",
              note="but `round`, once away from zero at a half, goes to the even number"),
    Statement("C48", "3 math", "截断", "",
              "`clamp(input, min, max)` cuts off at both ends",
              "torch.clamp(x, 1, 4).tolist() == [[1, 1, 2], [3, 4, 4]]"),
    Statement("C49", "3 math", "激活函数", SLIP,
              "activations: `sigmod`, `tanh` ...",
              "hasattr(torch, 'sigmod')",
              "torch.sigmoid(x).allclose(1 / (1 + torch.exp(-x))) and as_in_python('tanh')",
              note="`sigmoid`"),
    Statement("C50", "3 math", "均值/和/中位数/众数", "",
              "`mean` `sum` `median` `mode`",
              "[s.mean(), s.sum(), s.median(), s.mode().values] == [4, 24, 3, 1]",
              note="of two in the middle `median` takes the lower"),
    Statement("C51", "3 math", "范数/距离", "",
              "`norm` and `dist`",
              "torch.norm(u) == torch.linalg.vector_norm(u) == 5 and torch.dist(u, -u) == 10",
              note="today `linalg.vector_norm`"),
    Statement("C52", "3 math", "标准差/方差", "",
              "`std` and `var`",
              "math.isclose(s.var(), statistics.variance(s.tolist()), rel_tol=1e-6) and"
              " s.std().allclose(s.var().sqrt())",
              note="they divide by n - 1"),
    Statement("C53", "3 math", "累加/累乘", "",
              "`cumsum` and `cumprod`",
              "[s[:4].cumsum(0).tolist(), s[:4].cumprod(0).tolist()] == [[3, 4, 8, 9], [3, 3, 12, 12]]",
              note="they are scans: the shape stays"),
    Statement("C54", "3 math", "归并操作", "",
              "most take `dim`",
              "x.sum(dim=0).shape == (3,) and x.sum(dim=1, keepdim=True).shape == (2, 1)",
              note="the rule that is missing: the named dimension goes, or becomes 1"),
)

OLD_CALLS = (
    OldCall("1 - mask", "~mask", "gone", "1.2", "C32"),
    OldCall("Cube()(w)", "Cube.apply(w)", "gone", "1.5", "02 A function of your own"),
    OldCall("F.mse_loss(x, -x, size_average=False)", "F.mse_loss(x, -x, reduction='sum')", "warns", "0.4.1", "C16"),
    OldCall("F.softmax(x)", "F.softmax(x, dim=1)", "warns", "0.3", "C17"),
    OldCall("iter(loader).next()", "next(iter(loader))", "gone", "1.13", "C23"),
    OldCall("loss.backward(retain_variables=True)", "loss.backward(retain_graph=True)", "gone", "0.2",
            "02 The graph is used once"),
    OldCall("loss.data[0]", "loss.item()", "gone", "0.4", "C05"),
    OldCall("nn.init.constant(w, 0)", "nn.init.constant_(w, 0)", "warns", "0.4", "03 How weights start",
            run_old="nn.init.constant(torch.empty(2), 0)", run_new="nn.init.constant_(torch.empty(2), 0)"),
    OldCall("nn.MESLoss()", "nn.MSELoss()", "gone", SLIP, "C16"),
    OldCall("nn.utils.clip_grad_norm([w], 1)", "nn.utils.clip_grad_norm_([w], 1)", "warns", "0.4",
            "03 Schedules, groups, clipping"),
    OldCall("out = Tensor(); out.scatter_(1, index)", "torch.zeros(2, 3).scatter_(1, index, src)", "gone", SLIP, "C36",
            run_old="torch.Tensor().scatter_(1, index)",
            run_new="torch.zeros(2, 3).scatter_(1, order, x.gather(1, order))"),
    OldCall("optimizer.zero_grad()", "optimizer.zero_grad(set_to_none=False)", "differs", "2.0",
            "02 Gradients add up", then="[0, 0]",
            run_old="after_zero_grad()", run_new="after_zero_grad(set_to_none=False)"),
    OldCall("t.set_deault_tensor_type(...)", "torch.set_default_dtype(torch.float32)", "gone", SLIP, "C40",
            run_old="torch.set_deault_tensor_type"),
    OldCall("t.Tensor(3, 4)", "torch.empty(3, 4)", "runs", "0.4", "C02",
            run_old="torch.Tensor(3, 4).shape", run_new="torch.empty(3, 4).shape"),
    OldCall("torch.FloatTensor([1, 2])", "torch.tensor([1, 2], dtype=torch.float32)", "runs", "0.4", "C38"),
    OldCall("torch.LongTensor([7]) / 2", "torch.div(torch.tensor([7]), 2, rounding_mode='trunc')", "differs", "1.7",
            "09 Division and remainders", then="[3]"),
    OldCall("torch.load('net.pt')", "net.load_state_dict(torch.load('net.pt'))", "gone", "2.6",
            "04 Save and load", run_old="torch.load(saved(net))",
            run_new="net.load_state_dict(torch.load(saved(net.state_dict())))"),
    OldCall("torch.non_zero(x)", "torch.nonzero(x)", "gone", SLIP, "C33"),
    OldCall("torch.norm(x)", "torch.linalg.vector_norm(x)", "runs", "1.7", "C51"),
    OldCall("torch.set_default_tensor_type(torch.FloatTensor)", "torch.set_default_dtype(torch.float32)", "warns",
            "2.1", "C40"),
    OldCall("torch.sigmod(x)", "torch.sigmoid(x)", "gone", SLIP, "C49"),
    OldCall("torch.tensor(-7) // 2", "torch.div(torch.tensor(-7), 2, rounding_mode='trunc')", "differs", "1.13",
            "09 Division and remainders", then="-3"),
    OldCall("torch.tensor(10) * 1.9", "torch.tensor(10) * int(1.9)", "differs", "1.3", "08 Mixed types",
            then="10"),
    OldCall("transforms.ToTensor()(picture)", "to_float(v2.functional.to_image(picture))", "runs", "", "C19"),
    OldCall("Variable(t)", "t", "runs", "0.4", "C05"),
    OldCall("Variable(t, requires_grad=True)", "t.requires_grad_()", "runs", "0.4", "C13",
            run_new="t.clone().requires_grad_()"),
    OldCall("Variable(t, volatile=True)", "with torch.no_grad(): ...", "warns", "0.4", "C05",
            run_new="torch.no_grad()(lambda: t)()"),
    OldCall("w.data", "w.detach()", "runs", "0.4", "C06"),
    OldCall("x.contiguous().view(6)", "x.reshape(6)", "runs", "0.4", "06 Reshape, contiguous, flatten"),
    OldCall("x.cuda()", "x.to(device)", "runs", "0.4", "C44", run_old="x.cuda() if torch.cuda.is_available() else x"),
    OldCall("x.cuda(async=True)", "x.to(device, non_blocking=True)", "gone", "0.4", "C44"),
    OldCall("x.masked_select(mask.byte())", "x.masked_select(mask)", "gone", "1.2", "C32"),
    OldCall("x.resize(4, 2)", "F.pad(x.flatten(), (0, 2)).view(4, 2)", "gone", SLIP, "C30"),
    OldCall("x.sequeeze(0)", "x.squeeze(0)", "gone", SLIP, "C29"),
    OldCall("x.std(unbiased=False)", "x.std(correction=0)", "runs", "2.0", "C52"),
    OldCall("x.storage()", "x.untyped_storage()", "warns", "2.0", "06 Proof of shared memory",
            run_old="x.storage().nbytes()", run_new="x.untyped_storage().nbytes()"),
    OldCall("x.type(torch.LongTensor)", "x.to(torch.int64)", "runs", "0.4", "C43"),
    OldCall("x.view(x.size()[0], -1)", "x.flatten(1)", "runs", "", "06 Reshape, contiguous, flatten"),
    OldCall("x[mask.byte()]", "x[mask]", "warns", "1.2", "C32"),
    OldCall("x3.T", "x3.permute(2, 1, 0)", "warns", "1.11", "06 Permute, transpose, movedim"),
)
# fmt: on

# The releases that changed something in this book, with the year of each and the change that mattered most.
RELEASES = {
    "0.2": (2017, "the notes: Variables; broadcasting and advanced indexing are new"),
    "0.3": (2017, "softmax asks for a dim"),
    "0.4": (2018, "Variable and Tensor are one; dtype, device, item(), reshape"),
    "0.4.1": (2018, "losses take a reduction"),
    "1.2": (2019, "comparisons give bool masks"),
    "1.3": (2019, "mixed types are promoted"),
    "1.5": (2020, "old-style Functions are refused"),
    "1.6": (2020, "CPUs compute with half precision"),
    "1.7": (2020, "/ is true division; torch.linalg takes over norm"),
    "1.10": (2021, "cross entropy takes probabilities"),
    "1.11": (2022, "layers take a single sample; .T is for matrices"),
    "1.13": (2022, "// rounds down; iterators lose next()"),
    "2.0": (2023, "zero_grad gives None; correction; untyped_storage"),
    "2.1": (2023, "set_default_tensor_type is deprecated; float8"),
    "2.3": (2024, "uint16, uint32 and uint64"),
    "2.6": (2025, "torch.load takes weights only"),
    "2.13": (2026, "quantised types warn"),
    "2.14": (2026, "clamp: gradient 0 on a bound"),
    "2.15": (2026, "the release that this book is pinned to"),
}
