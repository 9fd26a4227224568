"""A csched schedule in the transformers Trainer: passed beside the optimizer. Runs in seconds."""

import tempfile

import csched.torch
import torch
import transformers

import csched

SCHEDULE = csched.linear(0.1, steps=8, warmup_steps=2)


class Model(torch.nn.Module):
    """Least squares, with the loss where the Trainer looks for it."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def forward(self, x):
        return {"loss": self.layer(x).square().mean()}


class Record(transformers.TrainerCallback):
    """The rate at the beginning of every update."""

    def __init__(self):
        self.seen = []

    def on_step_begin(self, args, state, control, optimizer=None, **kwargs):
        self.seen.append(optimizer.param_groups[0]["lr"])


def main(folder, resume=None, **settings):
    torch.manual_seed(0)
    model, record = Model(), Record()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    arguments = transformers.TrainingArguments(
        output_dir=folder,
        max_steps=8,
        per_device_train_batch_size=2,
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
        dataloader_pin_memory=False,
        logging_strategy="no",
        **{"save_strategy": "no", **settings},
    )
    trainer = transformers.Trainer(
        model,
        arguments,
        train_dataset=[{"x": torch.randn(4)} for _ in range(64)],
        optimizers=(optimizer, csched.torch.Scheduler(optimizer, SCHEDULE)),
        callbacks=[record],
    )
    trainer.train(resume_from_checkpoint=resume)
    return record.seen


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print([round(lr, 4) for lr in main(folder)])
