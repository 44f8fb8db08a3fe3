package email

import (
	"cmp"
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
)

// answersIn are what the subject of an answer to an invitation begins with.
var answersIn = map[string]map[gateway.InvitationAnswer]string{
	"en": {gateway.InvitationAccepted: "Accepted", gateway.InvitationTentative: "Tentative", gateway.InvitationDeclined: "Declined"},
	"sv": {gateway.InvitationAccepted: "Accepterat", gateway.InvitationTentative: "Preliminärt", gateway.InvitationDeclined: "Avböjt"},
}

// attending makes a reply the answer to an invitation. It goes to the organizer alone (RFC
// 5546 §3.2.3), from the one of us who was invited; where none of us stands among them, the
// invitation was passed on to us, and the mailbox answers.
func attending(d draft, us ours, box Mailbox) draft {
	in := *d.Invitation
	d.To, d.Cc, d.Bcc, d.comment = []gateway.Address{in.Organizer}, nil, nil, d.Text
	d.attendee = gateway.Address{Kind: gateway.AddressEmail, Value: box.Address, Name: box.Name}
	if i := slices.IndexFunc(in.Attendees, func(a gateway.Attendee) bool { return us.has(a.Address) }); i >= 0 {
		d.attendee = in.Attendees[i].Address
	}
	said, ok := answersIn[d.Language]
	if !ok {
		said = answersIn["en"]
	}
	d.Subject = said[d.Attend] + ": " + cmp.Or(in.Summary, d.Answers.Subject)
	d.Text = cmp.Or(d.Text, d.Subject)
	return d
}

// answered is what the timeline shows of an answer to an invitation.
func answered(r Reply) *gateway.Invitation {
	if r.Invitation == nil {
		return nil
	}
	in := *r.Invitation
	in.Method, in.Answer, in.Attendees, in.Text = "reply", r.Attend, nil, ""
	return &in
}
