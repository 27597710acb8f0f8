package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// footprint starts the program as its users do, and looks at the process: one location, then ten of `dev`.
func footprint(o Options) (r Result, err error) {
	r.Name = "footprint"
	dir, own, err := folder(o.Dir)
	if err != nil {
		return r, err
	}
	if own != "" {
		defer func() { err = errors.Join(err, os.RemoveAll(own)) }()
	}
	file := filepath.Join(dir, "fra.yaml")
	text := fmt.Sprintf("location:\n  name: fra\ndata: %s\nroot-key: %s\nroot-password: bench\nhttp:\n  listen: 127.0.0.1:%d\nmesh:\n  listen: 127.0.0.1:%d\n  key: %s\n  create: true\n",
		filepath.Join(dir, "fra"), rootKey, o.Port, o.Port+100, meshKey)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return r, err
	}
	for _, name := range []string{"new", "restarted"} {
		if err := watchProcess(&r, o, "serve_"+name, []int{o.Port}, "serve", "--config", file); err != nil {
			return r, err
		}
	}
	const dev = 10
	ports := make([]int, dev)
	for i := range ports {
		ports[i] = o.Port + i
	}
	return r, watchProcess(&r, o, "dev_10", ports, "dev", "--locations", strconv.Itoa(dev), "--port", strconv.Itoa(o.Port),
		"--api-key", rootKey, "--data", filepath.Join(dir, "dev"))
}

// watchProcess runs the program until all ports answer that they are ready, then watches it idle.
func watchProcess(r *Result, o Options, name string, ports []int, args ...string) error {
	c := exec.Command(o.Program, args...)
	c.Stderr = os.Stderr
	began := time.Now()
	if err := c.Start(); err != nil {
		return err
	}
	err := func() error {
		for _, port := range ports {
			if err := awaitReady(fmt.Sprintf("http://127.0.0.1:%d/_api/health/ready", port), began.Add(30*time.Second)); err != nil {
				return err
			}
		}
		r.set(name+"_ready_ms", float64(time.Since(began).Microseconds())/1000)
		time.Sleep(o.Warmup)
		before, err := processSeconds(c.Process.Pid)
		if err != nil {
			return err
		}
		time.Sleep(o.Duration)
		after, err := processSeconds(c.Process.Pid)
		if err != nil {
			return err
		}
		resident, peak, err := memory(c.Process.Pid)
		r.set(name+"_cpu_percent", (after-before)/o.Duration.Seconds()*100)
		r.set(name+"_resident_mib", resident)
		r.set(name+"_peak_mib", peak)
		return err
	}()
	err = errors.Join(err, c.Process.Signal(syscall.SIGTERM))
	if e := c.Wait(); err == nil && e != nil {
		err = fmt.Errorf("%s ended: %w", args[0], e)
	}
	return err
}

// awaitReady asks until a location says that it is ready.
func awaitReady(url string, until time.Time) error {
	client := &http.Client{Timeout: time.Second}
	defer client.CloseIdleConnections()
	for {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		reply, err := client.Do(request)
		if err == nil {
			_ = reply.Body.Close()
			if reply.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("status %d", reply.StatusCode)
		}
		if time.Now().After(until) {
			return fmt.Errorf("%s is not ready: %w", url, err)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// processSeconds is the processor time of a process.
func processSeconds(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, ok := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 13 {
		return 0, fmt.Errorf("process %d: stat has %d fields", pid, len(fields))
	}
	const ticks = 100 // per second, on every Linux that Go runs on
	user, err := strconv.ParseFloat(fields[11], 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseFloat(fields[12], 64)
	return (user + system) / ticks, err
}

// memory is what a process holds and what it held at most, in MiB.
func memory(pid int) (resident, peak float64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		kib, _ := strconv.ParseFloat(fields[1], 64)
		switch fields[0] {
		case "VmRSS:":
			resident = kib / 1024
		case "VmHWM:":
			peak = kib / 1024
		}
	}
	if resident == 0 {
		return 0, 0, fmt.Errorf("process %d: no figures of its memory", pid)
	}
	return resident, peak, nil
}
