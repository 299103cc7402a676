// Command apiserver serves the two parts of KFP's API server that a run needs, without a cluster:
// the run service, which compiles a run to an Argo workflow, and the task service, which is the
// cache of the driver and launcher. The services are KFP's own, on the SQLite database and the
// Argo client of KFP's own tests.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"log"
	"net"
	"net/http"

	apiv1beta1 "github.com/kubeflow/pipelines/backend/api/v1beta1/go_client"
	apiv2beta1 "github.com/kubeflow/pipelines/backend/api/v2beta1/go_client"
	"github.com/kubeflow/pipelines/backend/src/apiserver/common"
	"github.com/kubeflow/pipelines/backend/src/apiserver/config/proxy"
	"github.com/kubeflow/pipelines/backend/src/apiserver/resource"
	"github.com/kubeflow/pipelines/backend/src/apiserver/server"
	"github.com/kubeflow/pipelines/backend/src/common/util"
	"github.com/spf13/viper"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type runs struct {
	server  *server.RunServer
	clients *resource.FakeClientManager
	manager *resource.ResourceManager
}

// ServeHTTP creates the run of the request's body, and answers with its workflow.
func (r *runs) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	workflow, err := r.create(request.Context(), request.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(workflow); err != nil {
		log.Print(err)
	}
}

func (r *runs) create(ctx context.Context, body io.Reader) (any, error) {
	content, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	run := &apiv2beta1.Run{}
	if err := protojson.Unmarshal(content, run); err != nil {
		return nil, err
	}
	created, err := r.server.CreateRun(ctx, &apiv2beta1.CreateRunRequest{Run: run})
	if err != nil {
		return nil, err
	}
	stored, err := r.manager.GetRun(created.GetRunId())
	if err != nil {
		return nil, err
	}
	return r.clients.ExecClient().Execution(common.GetPodNamespace()).Get(ctx, stored.K8SName, metav1.GetOptions{})
}

func main() {
	host := flag.String("host", "127.0.0.1", "address to listen on")
	flag.Parse()
	viper.AutomaticEnv()
	proxy.InitializeConfig("", "", "")

	clients, err := resource.NewFakeClientManager(util.NewRealTime(), util.NewUUIDGenerator())
	if err != nil {
		log.Fatal(err)
	}
	// A second connection to ":memory:" would be another, empty database.
	clients.DB().SetMaxOpenConns(1)
	manager := resource.NewResourceManager(clients, &resource.ResourceManagerOptions{})
	if _, err := manager.CreateDefaultExperiment(""); err != nil {
		log.Fatal(err)
	}

	tasks := grpc.NewServer()
	apiv1beta1.RegisterTaskServiceServer(tasks, server.NewTaskServer(manager))
	listener, err := net.Listen("tcp", net.JoinHostPort(*host, "8887"))
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(tasks.Serve(listener)) }()

	http.Handle("POST /runs", &runs{
		server:  server.NewRunServer(manager, &server.RunServerOptions{}),
		clients: clients,
		manager: manager,
	})
	log.Fatal(http.ListenAndServe(net.JoinHostPort(*host, "8888"), nil))
}
