package voice

import "github.com/vaxelhq/vaxel/gateway"

// failureOf is what the refusal of a call that goes out means to people (RFC 3261 §21). What
// telephones and networks mean by a status is not always what it says: only the plain ones
// are told apart.
func failureOf(status int) gateway.CallFailure {
	switch status {
	case 486, 600:
		return gateway.FailedBusy
	case 408, 480, 487:
		return gateway.FailedNoAnswer
	case 404, 410, 484, 485, 604:
		return gateway.FailedUnknown
	case 401, 402, 403, 405, 407, 603, 606, 607, 608:
		return gateway.FailedRefused
	}
	return gateway.FailedNetwork
}
