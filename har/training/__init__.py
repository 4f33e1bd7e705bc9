"""Training of the encoder: pretraining without labels, then fine-tuning with them.

- `har.training.pretrain`: guess hidden tokens of training subjects' windows.
- `har.training.finetune`: a new head on the pretrained encoder, early stopping on
  the validation subjects.
- `har.training.augment`: small changes that a real wearer would make.
- `har.training.device`: where and how precisely to compute, seeds, progress.
"""
