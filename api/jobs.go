package api

import (
	"context"

	"github.com/selvedge-db/selvedge/api/lease"
)

// Job is a request that runs in the background, in the form that its gateway gives it.
type Job struct {
	what any
	end  func()
}

// Owner is whom a job belongs to: a user, whatever the fabric.
func (c *Call) Owner() lease.Owner {
	o := c.owner()
	o.Fabric = ""
	return o
}

// KeepJob keeps a job until it is forgotten or its time is over; then end is called.
func (s *Service) KeepJob(_ context.Context, c *Call, what any, end func()) (string, error) {
	id, err := s.jobs.Put(c.Owner(), Job{what, end}, s.limits.Jobs.TTL, false)
	if err != nil {
		return "", leaseError(err, JobNotFound, JobNotFound, "jobs", s.limits.Jobs.Kept)
	}
	return id, nil
}

// Jobs lists the numbers of the caller's jobs.
func (s *Service) Jobs(c *Call) []string { return s.jobs.List(c.Owner()) }

// Job gives one of the caller's jobs.
func (s *Service) Job(c *Call, id string) (any, bool) {
	j, ok := s.jobs.Peek(c.Owner(), id)
	return j.what, ok
}

// ForgetJob ends a job.
func (s *Service) ForgetJob(owner lease.Owner, id string) bool {
	return s.jobs.Drop(owner, id) == nil
}
