import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMe } from '../session'
import { Switch } from '../ui/controls'
import { Part } from '../ui/form'
import { Failure, Fetched } from '../ui/parts'
import { staff } from './api'
import { useStaffWords } from './words'

const key = ['admin', 'supervision']

/** Whether agents are told of a supervisor who looks on; decided at once, by administrators. */
export function Supervision() {
  const w = useStaffWords()
  const me = useMe()
  const client = useQueryClient()
  const query = useQuery({ queryKey: key, queryFn: staff.supervision })
  const set = useMutation({ mutationFn: staff.setSupervision, onSuccess: (now) => client.setQueryData(key, now) })
  return (
    <Part title={w.supervision} lead={w.supervisionLead}>
      <Fetched query={query} what={w.supervision} rows={1}>
        {(s) => (
          <Switch on={s.show_observers} disabled={set.isPending || me.role !== 'administrator'} set={(show_observers) => set.mutate({ ...s, show_observers })}>
            {w.showObservers}
          </Switch>
        )}
      </Fetched>
      {set.error && <Failure error={set.error} />}
    </Part>
  )
}
