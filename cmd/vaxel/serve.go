package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/vaxelhq/vaxel/migrations"
)

type serveCmd struct {
	Listen      string `help:"Where pages and API are served, host:port."`
	DataDir     string `help:"Where everything is kept." type:"path"`
	DatabaseURL string `help:"An external PostgreSQL; without it a private one is run." name:"database-url"`
	Node        string `help:"This node's name, where several run."`
	Roles       string `help:"What this node does: gateway, channels, router, with commas; all unless set."`
}

// Run serves until it is told to stop.
func (s serveCmd) Run(ctx context.Context, c *cli) error {
	config, log, err := c.load()
	if err != nil {
		return err
	}
	s.override(&config)
	if err := config.check(); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(config.DataDir, demoFile)); err == nil {
		return fmt.Errorf("%s holds a demonstration: set data_dir (VAXEL_DATA_DIR, --data-dir) to another directory, or go on with vaxel demo", config.DataDir)
	}
	pool, done, err := database(ctx, config, log)
	if err != nil {
		return err
	}
	defer done()
	h, err := open(ctx, config, pool, log)
	if err != nil {
		return err
	}
	if err := h.begin(ctx); err != nil {
		return err
	}
	return h.run(ctx, h.pages(), func() {
		log.Info("serving", "url", config.publicURL(), "data_dir", config.DataDir, "node", config.Node, "roles", config.Roles)
	})
}

// override lets the command line win over file and environment.
func (s serveCmd) override(config *Config) {
	for _, o := range []struct {
		flag    string
		setting *string
	}{
		{s.Listen, &config.Listen}, {s.DataDir, &config.DataDir}, {s.DatabaseURL, &config.DatabaseURL}, {s.Node, &config.Node},
	} {
		if o.flag != "" {
			*o.setting = o.flag
		}
	}
	if s.Roles != "" {
		config.Roles = strings.Split(s.Roles, ",")
	}
}

// firstAdministrator makes one if there is none, and says the password this once.
func (h *house) firstAdministrator(ctx context.Context) error {
	name, password, err := h.access.FirstAdministrator(ctx)
	if err != nil {
		return fmt.Errorf("make the first administrator: %w", err)
	}
	if password != "" {
		fmt.Printf("\n  Sign in at %s as  %s  with the password  %s\n  It is shown this once; you choose another at the first sign-in.\n\n",
			h.config.publicURL(), name, password)
	}
	return nil
}

type migrateCmd struct{}

// Run brings the schema up to date and says what it is now.
func (migrateCmd) Run(ctx context.Context, c *cli) error {
	config, log, err := c.load()
	if err != nil {
		return err
	}
	pool, done, err := database(ctx, config, log)
	if err != nil {
		return err
	}
	defer done()
	if err := migrations.Up(ctx, pool); err != nil {
		return err
	}
	have, newest, err := migrations.Version(ctx, pool)
	if err != nil {
		return err
	}
	fmt.Printf("The schema is at version %d of %d.\n", have, newest)
	return nil
}
