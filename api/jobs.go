package api

import (
	"context"

	"github.com/selvedge-db/selvedge/api/lease"
)

// Job is a request that runs in the background, in the form that its gateway gives it.
type Job struct {
	what   any
	cancel func()
	tenant string
	bytes  int64 // of the request, then of its answer
}

// Owner is whom a job belongs to: a user, whatever the fabric.
func (c *Call) Owner() lease.Owner {
	o := c.owner()
	o.Fabric = ""
	return o
}

// KeepJob keeps a job that begins, whose request has so many bytes, and gives its number. With done, which tells how
// many bytes the answer has, its time to live begins; before it is done it does not expire. When it is forgotten it is
// cancelled.
func (s *Service) KeepJob(_ context.Context, c *Call, what any, bytes int64, cancel func()) (id string, done func(answer int64), err error) {
	j := &Job{what: what, cancel: cancel, tenant: c.Tenant, bytes: bytes}
	if !s.jobMemory.take(j.tenant, bytes, false) {
		return "", nil, Fail(TooManyOpen, "the requests of tenant %s in the background, and their answers, hold %d bytes at most", quote(j.tenant), s.limits.Jobs.Memory)
	}
	h, err := s.jobs.Hold(c.Owner(), j, s.limits.Jobs.TTL)
	if err != nil {
		s.jobMemory.give(j.tenant, bytes)
		return "", nil, leaseError(err, JobNotFound, JobNotFound, "jobs", s.limits.Jobs.Kept)
	}
	return h.ID, func(answer int64) {
		s.jobMemory.give(j.tenant, j.bytes)
		j.bytes = answer
		s.jobMemory.take(j.tenant, j.bytes, true)
		h.Return()
	}, nil
}

// endJob is the end of a job that is done.
func (s *Service) endJob(j *Job) { s.jobMemory.give(j.tenant, j.bytes) }

// Jobs lists the numbers of the caller's jobs.
func (s *Service) Jobs(c *Call) []string { return s.jobs.List(c.Owner()) }

// Job gives one of the caller's jobs.
func (s *Service) Job(c *Call, id string) (any, bool) {
	j, ok := s.jobs.Peek(c.Owner(), id)
	if !ok {
		return nil, false
	}
	return j.what, true
}

// ForgetJob ends a job, and cancels it if it runs.
func (s *Service) ForgetJob(owner lease.Owner, id string) bool {
	j, ok := s.jobs.Peek(owner, id)
	if ok {
		j.cancel()
		ok = s.jobs.Drop(owner, id) == nil
	}
	return ok
}
