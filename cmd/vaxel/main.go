// Command vaxel is the whole product in one binary: a contact-centre gateway that brings
// e-mail, chat, calls and voicemail into one queue.
//
// It is the only place that knows all rooms: serve wires them together.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is the command line.
type cli struct {
	Config string `short:"c" help:"Configuration file (TOML); VAXEL_ variables win over it." env:"VAXEL_CONFIG" type:"path"`

	Serve   serveCmd   `cmd:"" help:"Run the gateway."`
	Demo    demoCmd    `cmd:"" help:"Run the gateway with sample data, a local mail server and a customer's page."`
	Check   checkCmd   `cmd:"" help:"Check the configuration and say what is wrong with it; connects to nothing."`
	Migrate migrateCmd `cmd:"" help:"Bring the database to this release's schema."`
	Admin   adminCmd   `cmd:"" help:"Passwords, keys and sealed secrets."`
	Backup  backupCmd  `cmd:"" help:"Write database and blobs into one file."`
	Restore restoreCmd `cmd:"" help:"Read such a file into an empty data directory."`
	Import  importCmd  `cmd:"" help:"Take an archive of mail (mbox, Maildir) into closed cases."`
	Why     whyCmd     `cmd:"" help:"Explain each offer of an interaction, also after its end."`
	Sim     simCmd     `cmd:"" help:"Decide a recorded day anew with another plan."`
	Drain   drainCmd   `cmd:"" help:"Have a node take nothing new and give away what it has, before it is stopped."`
	Bench   benchCmd   `cmd:"" help:"Measure this machine; one JSON object a line."`
	OpenAPI openAPICmd `cmd:"" name:"openapi" help:"Print the API's contract."`
}

var logLevels = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	k := kong.Parse(&c, kong.Name("vaxel"), kong.ShortUsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Description("Växel: e-mail, chat, calls and voicemail in one queue."))
	k.BindTo(ctx, (*context.Context)(nil))
	if err := k.Run(&c); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintf(os.Stderr, "vaxel: %v\n", err)
		os.Exit(1) // stop only gives the signals back
	}
}

// load reads the configuration and makes the logger it asks for.
func (c *cli) load() (Config, *slog.Logger, error) {
	config, err := loadConfig(c.Config, os.Environ())
	if err != nil {
		return config, nil, err
	}
	return config, newLog(os.Stderr, logLevels[config.LogLevel]), nil
}

type checkCmd struct{}

// Run says that all is well, or everything that is not. The machines that it names need
// not run yet.
func (checkCmd) Run(c *cli) error {
	config, _, err := c.load()
	if err != nil {
		return err
	}
	fmt.Printf("The configuration is good: %d mailboxes, %d trunks, %d widgets.\n"+
		"Whether its database, mail servers and trunks answer, vaxel serve finds out.\n",
		len(config.Mailboxes), len(config.Voice.Trunks), len(config.Widgets))
	return nil
}
