package tickets

import "github.com/jackc/pgx/v5"

const caseColumns = `k.id, k.number, k.subject, k.state, k.customer, c.name as customer_name, k.queue, k.assignee, k.channel, k.tags,
	k.conversation, k.interaction, k.interaction_state, k.preview, k.preview_by, k.last_activity_at, k.created_at, k.closed_at, k.rev`

const fromCase = " from support_case k join customer c on c.id = k.customer"

// scanCase reads caseColumns in their order. Lists of cases are read more than anything else
// here, and finding each field by its column's name took a third of their time.
func scanCase(row pgx.CollectableRow) (c Case, err error) {
	err = row.Scan(
		(*int64)(&c.ID), &c.Number, &c.Subject, (*string)(&c.State), (*int64)(&c.Customer), &c.CustomerName, (*int64)(&c.Queue),
		(*int64)(&c.Assignee), (*string)(&c.Channel), &c.Tags, (*int64)(&c.Conversation), (*int64)(&c.Interaction),
		(*string)(&c.InteractionState), &c.Preview, (*string)(&c.PreviewBy), &c.LastActivityAt, &c.CreatedAt, &c.ClosedAt, &c.Rev)
	return c, err
}
