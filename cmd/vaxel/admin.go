package main

import (
	"context"
	"fmt"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

type adminCmd struct {
	Password passwordCmd `cmd:"" help:"Give a login a new random password."`
	Rekey    rekeyCmd    `cmd:"" help:"Seal all secrets with a new key."`
	Inbox    inboxCmd    `cmd:"" help:"Show what the floor could not store and has set aside."`
}

type passwordCmd struct {
	Login string `arg:"" help:"The login's name."`
}

// Run resets the password; the login must choose another at its next sign-in.
func (p passwordCmd) Run(ctx context.Context, c *cli) error {
	return withAccess(ctx, c, func(a *access.Store, _ *access.Vault) error {
		logins, err := a.Logins(ctx)
		if err != nil {
			return err
		}
		for _, l := range logins {
			if l.Name != p.Login {
				continue
			}
			password, err := a.ResetPassword(ctx, access.System, l.ID)
			if err == nil {
				fmt.Printf("The new password of %s is  %s\n", l.Name, password)
			}
			return err
		}
		return gateway.NotFound("no_login", fmt.Sprintf("there is no login %q; see GET /api/v1/admin/logins", p.Login))
	})
}

type rekeyCmd struct{}

// Run makes a new key file and seals every secret anew.
func (rekeyCmd) Run(ctx context.Context, c *cli) error {
	return withAccess(ctx, c, func(_ *access.Store, v *access.Vault) error {
		n, err := v.Rekey(ctx)
		if err == nil {
			fmt.Printf("%d secrets are sealed with a new key. Keep a copy of the key file apart from your backups.\n", n)
		}
		return err
	})
}

// withAccess works on the database of a Växel that may be running.
func withAccess(ctx context.Context, c *cli, work func(*access.Store, *access.Vault) error) error {
	pool, config, done, err := c.attach(ctx)
	if err != nil {
		return err
	}
	defer done()
	vault, err := access.OpenVault(ctx, pool, config.keyFile())
	if err != nil {
		return err
	}
	return work(access.New(pool), vault)
}
