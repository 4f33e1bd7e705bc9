"""The served model over HTTP: own routes, and the protocols that clients speak already.

=================  =================================================================
`app`              `make_app`: the service of a source and its settings
`service`          what every route needs: holder, batches, settings, metrics, log
`holder`           the current model, replaced at once when there is another
`batching`         windows of several requests in one call of the model
`windows`          windows of a request, checked before a model sees them
`uploads`          recordings of a request, read as `har predict` reads them
`watched`          files that are read only while somebody waits
`tensors`          what the Open Inference Protocol carries
`schemas`          bodies of requests and errors
`limits`, `keys`   size, time and number of requests; who may ask
`connections`      what may be sent before that is asked
`origins`          which pages of a browser may ask where there are no keys
`errors`           one form of all errors
`metrics`          what Prometheus reads
`request_log`      what was answered, in Parquet, to look for drift
`running`          processes and signals
`routes`           `windows`, `recordings`; `mlflow`; `v2` (Open Inference Protocol);
                   `operations`
=================  =================================================================

>>> from har.serving.http.app import make_app
>>> app = make_app(FileSource(Path("model.onnx")), ServeSettings())  # doctest: +SKIP
"""
