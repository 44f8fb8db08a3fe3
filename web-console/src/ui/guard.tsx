import { Component, type ReactNode } from 'react'
import { useWords } from '../i18n'
import { Icon } from './icon'

/** Keeps what can't be drawn to itself: a fault in one part is shown in its place, and all around it goes on. */
export class Guard extends Component<{ children: ReactNode }> {
  state = { broken: false }
  static getDerivedStateFromError = () => ({ broken: true })
  render() {
    return this.state.broken ? <Broken retry={() => this.setState({ broken: false })} /> : this.props.children
  }
}

function Broken({ retry }: { retry: () => void }) {
  const w = useWords()
  return (
    <div className="banner banner--crit" role="alert">
      <Icon name="alert" />
      <span className="grow">{w.common.broken}</span>
      <button className="btn btn--xs" onClick={retry}>
        {w.common.retry}
      </button>
    </div>
  )
}
