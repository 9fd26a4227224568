"""A csched schedule in Lightning: a scheduler with the interval "step". Runs in seconds."""

import csched.torch
import lightning
import torch

import csched

SCHEDULE = csched.one_cycle(0.1, steps=8)


class Module(lightning.LightningModule):
    """Least squares."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)
        self.seen = []

    def training_step(self, batch, index):
        self.seen.append(self.optimizers().param_groups[0]["lr"])
        return self.layer(batch).square().mean()

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)
        scheduler = csched.torch.Scheduler(optimizer, SCHEDULE)
        # Lightning steps once an epoch unless told otherwise
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }


def main(folder=None, checkpoint=None, epochs=2):
    torch.manual_seed(0)
    module = Module()
    trainer = lightning.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=folder is not None,
        default_root_dir=folder,
        enable_progress_bar=False,
        enable_model_summary=False,
        log_every_n_steps=1,
    )
    data = torch.utils.data.DataLoader(torch.randn(16, 4), batch_size=4)
    trainer.fit(module, data, ckpt_path=checkpoint)
    if folder is not None:
        trainer.save_checkpoint(f"{folder}/last.ckpt")
    return module.seen


if __name__ == "__main__":
    print([round(lr, 4) for lr in main()])
