package localpg

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

// settings are what the server is started with. They go by command line, so they are
// in force however old the data's postgresql.conf is.
func (s *Server) settings() map[string]string {
	shared, cache := memory()
	set := map[string]string{
		// The walls.
		"listen_addresses":        "",
		"unix_socket_directories": s.home.seen(s.home.socketDir()),
		"unix_socket_permissions": "0700",
		"logging_collector":       "off", // to us, on stderr

		// Nothing a customer wrote is logged: no statements, no DETAIL, no parameters.
		"log_min_error_statement":           "panic",
		"log_error_verbosity":               "terse",
		"log_parameter_max_length_on_error": "0",
		"log_line_prefix":                   "",
		"log_checkpoints":                   "off",
		"log_autovacuum_min_duration":       "-1",
		"lc_messages":                       "C",
		"timezone":                          "UTC",
		"log_timezone":                      "UTC",
		"deadlock_timeout":                  "100ms", // who waits in a circle begins again soon
		"synchronous_commit":                "on",
		"fsync":                             "on",
		"full_page_writes":                  "on",
		"max_wal_size":                      "2GB", // a checkpoint per 5 min, not per burst
		"checkpoint_completion_target":      "0.9",
		"shared_buffers":                    strconv.Itoa(shared) + "MB",
		"effective_cache_size":              strconv.Itoa(cache) + "MB",
		"work_mem":                          "8MB",
		"maintenance_work_mem":              "64MB",
		"random_page_cost":                  "1.1", // SSD
		"jit":                               "off", // our statements are short
		"max_parallel_workers_per_gather":   "0",   // even answers, and no use of a small /dev/shm
		// A worker every naptime for each database that was ever connected to: three, ours, postgres and
		// template1, at 10 ms each. At 15 s that was 0.2 % of a core of a house where nothing happens.
		"autovacuum_naptime":              "1min",
		"autovacuum_vacuum_scale_factor":  "0.05",
		"autovacuum_analyze_scale_factor": "0.05",
		"max_connections":                 "200",

		// Who has nothing to do sleeps. The background writer writes as much a second as by default (500 pages),
		// with a tenth of the looks. The WAL's writer writes for those who do not wait for their commits to be
		// on the disk: all of ours wait (synchronous_commit), and write for themselves.
		"bgwriter_delay":        "2s",
		"bgwriter_lru_maxpages": "1000", // the most there may be
		"wal_writer_delay":      "10s",
	}
	if s.opts.Throwaway {
		maps.Copy(set, map[string]string{
			"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off",
			"shared_buffers": "64MB", "max_connections": "300", "max_wal_senders": "0", "wal_level": "minimal",
		})
	}
	maps.Copy(set, s.opts.Settings)
	return set
}

func (s *Server) serverArgs() []string {
	args := []string{"-D", s.home.seen(s.home.data())}
	set := s.settings()
	for _, k := range slices.Sorted(maps.Keys(set)) {
		args = append(args, "-c", k+"="+set[k])
	}
	return args
}

// memory gives PostgreSQL an eighth of the machine (64 MB to 1 GB) for its own pages,
// and tells the planner that half of it caches files. Both in MB.
func memory() (shared, cache int) {
	total := 2048
	for _, read := range []func() (int, bool){cgroupMB, machineMB} {
		if mb, ok := read(); ok {
			total = mb
			break
		}
	}
	return min(max(total/8, 64), 1024), max(total/2, 256)
}

// cgroupMB is the limit of a container, if there is one.
func cgroupMB() (int, bool) {
	b, err := os.ReadFile("/sys/fs/cgroup/memory.max")
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64) // "max" if none
	return int(n >> 20), err == nil
}

func machineMB() (int, bool) {
	b, err := os.ReadFile("/proc/meminfo") // "MemTotal:  24683520 kB"
	if err != nil {
		return 0, false
	}
	f := strings.Fields(string(b))
	if len(f) < 2 {
		return 0, false
	}
	kb, err := strconv.Atoi(f[1])
	return kb >> 10, err == nil
}
