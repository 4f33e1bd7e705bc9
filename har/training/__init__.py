"""Training: pretraining without labels, fine-tuning of networks, fitting of classical models.

- `har.training.train`: any model of the catalogue, by its name.
- `har.training.pretrain`: contrastive learning (InfoNCE) on windows of training subjects.
- `har.training.finetune`: any network under a new head, with early stopping on the
  validation subjects; what changes while it learns is a `har.training.learner.Learner`.
- `har.training.freeze`, `har.training.lora`: what of a network learns.
- `har.training.classical`: models on features, with changed copies of the windows.
- `har.training.refuse`: windows of people held out, and a class set without windows.
- `har.training.augment`: changes that another wearer, sensor or moment would make.
- `har.training.checkpoint`, `har.training.parallel`, `har.training.device`: going on after a
  kill, several processes, where and how precisely to compute.
"""
