package bench

// rate is what a closed loop reached.
type rate struct {
	perSecond, cpu float64
	shares         shares
}

func middle(list []rate) rate {
	var speeds []float64
	for _, r := range list {
		speeds = append(speeds, r.perSecond)
	}
	m := median(speeds)
	for _, r := range list {
		if r.perSecond == m {
			return r
		}
	}
	return rate{}
}
