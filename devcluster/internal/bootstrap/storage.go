package bootstrap

import "encoding/json"

// storageClass is the default class; kwok's volume stages provision and bind what is claimed from it.
func storageClass() (path string, document []byte, err error) {
	document, err = json.Marshal(object{
		"apiVersion": "storage.k8s.io/v1",
		"kind":       "StorageClass",
		"metadata": object{
			"name":        "kwok-volume",
			"annotations": object{"storageclass.kubernetes.io/is-default-class": "true"},
		},
		"provisioner":       "kwok.x-k8s.io/volume",
		"reclaimPolicy":     "Delete",
		"volumeBindingMode": "Immediate",
	})
	return "/apis/storage.k8s.io/v1/storageclasses/kwok-volume", document, err
}
