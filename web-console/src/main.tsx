import { createRoot } from 'react-dom/client'
import { App } from './app'
import '../../look/tokens.css'
import '../../look/base.css'
import './styles/components.css'
import './styles/console.css'
import { showTheme } from './ui/settings'

showTheme()
const icon = document.createElement('link')
icon.rel = 'icon'
icon.href = '/favicon.svg'
document.head.append(icon)

createRoot(document.getElementById('root')!).render(<App />)
