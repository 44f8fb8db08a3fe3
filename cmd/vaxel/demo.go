package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vaxelhq/vaxel/channels/email/postoffice"
)

// demoCmd runs the product as serve does, and beside it what a newcomer needs to try it
// with nothing but this machine: sample data, a mail server, settings for two telephones
// and a customer's page at /demo. It listens on loopback only. What it has chosen (ports,
// passwords) is in demo.json in the data directory, so that the next start is the same.
type demoCmd struct{}

// demo is the product with what stands beside it.
type demo struct {
	*house
	memory *demoMemory
	office *postoffice.Office
	imapAt net.Listener
	smtpAt net.Listener
	began  time.Time
	read   sync.Map // mailbox and UID → *letter.Letter
}

// Run serves until it is told to stop. Logs go to a file: the terminal says where to go.
func (demoCmd) Run(ctx context.Context, c *cli) error {
	began := time.Now()
	config, _, err := c.load()
	if err != nil {
		return err
	}
	if config.DataDir, err = filepath.Abs(config.DataDir); err != nil {
		return fmt.Errorf("find the data directory: %w", err)
	}
	if err := config.makeDataDir(); err != nil {
		return err
	}
	log, closeLog, err := demoLog(config)
	if err != nil {
		return err
	}
	defer closeLog()
	err = runDemo(ctx, config, log, began)
	if err != nil && ctx.Err() != nil { // Ctrl-C in the middle of a start is no failure
		log.Info("stopped", "err", err)
		return nil
	}
	return err
}

func runDemo(ctx context.Context, config Config, log *slog.Logger, began time.Time) error {
	pool, done, err := database(ctx, config, log)
	if err != nil {
		return err
	}
	defer done()
	d := &demo{house: &house{config: config, log: log, pool: pool}, began: began}
	if err := d.open(ctx); err != nil {
		return err
	}
	defer d.close()
	return d.run(ctx, os.Stdout)
}

// open chooses the ports, wires the rooms and has the sample data there.
func (d *demo) open(ctx context.Context) (err error) {
	if d.memory, err = loadDemoMemory(d.config.DataDir); err != nil {
		return err
	}
	if err := d.choosePorts(ctx); err != nil {
		return err
	}
	if err := d.memory.save(); err != nil {
		return err
	}
	d.office, err = postoffice.Open(filepath.Join(d.config.DataDir, "mail"), d.memory.MailPassword, d.log)
	if err != nil {
		return err
	}
	if d.house, err = open(ctx, d.config, d.pool, d.log); err != nil {
		return err
	}
	d.kb.shop = sampleShop
	if err := d.settle(ctx); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(d.writePhones)
	group.Go(func() error {
		if err := d.seed(ctx); err != nil {
			return fmt.Errorf("put the sample data there: %w", err)
		}
		return nil
	})
	return group.Wait()
}

// close gives back the ports of a start that came to nothing; Run of the office closes
// them too.
func (d *demo) close() {
	_ = d.imapAt.Close()
	_ = d.smtpAt.Close()
}

func (d *demo) run(ctx context.Context, out io.Writer) error {
	mux := d.pages()
	page := d.page()
	mux.Handle("/demo", page)
	mux.Handle("/demo/", page)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return d.office.Run(ctx, d.imapAt, d.smtpAt) })
	group.Go(func() error {
		return d.house.run(ctx, mux, func() {
			d.log.Info("serving", "url", d.config.publicURL(), "data_dir", d.config.DataDir)
			d.welcome(out)
		})
	})
	return group.Wait()
}

// demoLog writes into the data directory.
func demoLog(config Config) (*slog.Logger, func(), error) {
	f, err := os.OpenFile(demoLogFile(config), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open the log: %w", err)
	}
	return newLog(f, logLevels[config.LogLevel]), func() { _ = f.Close() }, nil
}

func demoLogFile(config Config) string { return filepath.Join(config.DataDir, "vaxel.log") }
