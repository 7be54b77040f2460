// Load for etcd's v3 interface: a number of clients, each of which puts one value after another, as
// redis-benchmark does for the Redis protocol. Prints one JSON object:
// {"operations":N,"seconds":S,"per_second":R,"p50_ms":…,"p99_ms":…,"errors":N}
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/clientv3"
)

type worker struct {
	latencies []time.Duration
	errors    int
	firstFail error
}

// run puts until the deadline, one value at a time.
func (w *worker) run(client *clientv3.Client, random *rand.Rand, value string, keys int, deadline time.Time) {
	for {
		key := fmt.Sprintf("key:%012d", random.Intn(keys))
		start := time.Now()
		if start.After(deadline) {
			return
		}
		if _, err := client.Put(context.Background(), key, value); err != nil {
			w.errors++
			if w.firstFail == nil {
				w.firstFail = err
			}
			continue
		}
		w.latencies = append(w.latencies, time.Since(start))
	}
}

// connect makes `count` clients, each with a connection of its own.
func connect(endpoints []string, count int) ([]*clientv3.Client, error) {
	clients := make([]*clientv3.Client, count)
	for i := range clients {
		client, err := clientv3.New(clientv3.Config{Endpoints: endpoints, DialTimeout: 5 * time.Second})
		if err != nil {
			return nil, err
		}
		clients[i] = client
	}
	return clients, nil
}

func milliseconds(sorted []time.Duration, quantile float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i := int(quantile * float64(len(sorted)-1))
	return float64(sorted[i].Microseconds()) / 1000
}

func main() {
	endpoints := flag.String("endpoints", "127.0.0.1:2379", "host:port, separated by commas")
	clients := flag.Int("clients", 256, "puts under way at once")
	connections := flag.Int("connections", 256, "connections the clients share")
	seconds := flag.Float64("seconds", 10, "how long to measure")
	warmup := flag.Float64("warmup", 1, "how long to run before that")
	size := flag.Int("size", 256, "bytes of a value")
	keys := flag.Int("keys", 100000, "different keys")
	flag.Parse()

	pool, err := connect(strings.Split(*endpoints, ","), *connections)
	if err != nil {
		fmt.Fprintln(os.Stderr, "etcd_load:", err)
		os.Exit(1)
	}
	value := strings.Repeat("x", *size)
	phase := func(length float64) ([]worker, time.Duration) {
		workers := make([]worker, *clients)
		var group sync.WaitGroup
		start := time.Now()
		deadline := start.Add(time.Duration(length * float64(time.Second)))
		for i := range workers {
			group.Add(1)
			go func(i int) {
				defer group.Done()
				workers[i].run(pool[i%len(pool)], rand.New(rand.NewSource(int64(i))), value, *keys, deadline)
			}(i)
		}
		group.Wait()
		return workers, time.Since(start)
	}
	phase(*warmup)
	workers, took := phase(*seconds)

	var all []time.Duration
	failures := 0
	for i := range workers {
		all = append(all, workers[i].latencies...)
		failures += workers[i].errors
		if workers[i].firstFail != nil && failures == workers[i].errors {
			fmt.Fprintln(os.Stderr, "etcd_load:", workers[i].firstFail)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
		"operations": len(all),
		"seconds":    took.Seconds(),
		"per_second": float64(len(all)) / took.Seconds(),
		"p50_ms":     milliseconds(all, 0.50),
		"p99_ms":     milliseconds(all, 0.99),
		"errors":     failures,
	})
}
