package contactsync

// WithBatch sets how many records are planned and pushed together, so that few of them make several batches.
func WithBatch(n int) Option { return func(o *options) { o.batch = n } }
