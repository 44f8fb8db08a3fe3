package gateway

// Strategy is how a queue chooses among the agents who could take an interaction. The
// preferred agent goes before all of them while that is sticky.
type Strategy string

// The strategies. Ties end with the longest idle agent, then the lowest id.
const (
	LongestIdle Strategy = "longest_idle" // membership level, skills, least used, longest idle; the default
	SkillFirst  Strategy = "skill_first"  // skills before membership level
	RoundRobin  Strategy = "round_robin"  // membership level, then who was last asked longest ago
	LeastBusy   Strategy = "least_busy"   // least used before all else
	RingAll     Strategy = "ring_all"     // calls ring at the first eight of longest_idle at once; whoever answers has it
)

// Order is the order in which what waits is offered, inside a band.
type Order string

// The orders.
const (
	EarliestDue  Order = "edf"  // the default
	FirstCome    Order = "fifo" // by arrival
	PriorityTurn Order = "vcc"  // the queues of a band in turn, each by arrival; BandByAge over all queues by arrival
)

// BandByAge is the band of order vcc that is one line by age: its priority 8 of 1 to 10,
// which are bands 9 to 0.
const BandByAge = 2
